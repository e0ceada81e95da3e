#!/bin/sh
# SPDX-License-Identifier: MIT
# make.sh - how clips/ was made from Debian's package sonic-pi-samples (CC0)
#
# Needs sonic-pi-samples, ffmpeg, lame and vorbis-tools, which the clips alone do not need. Other
# versions of the encoders write other bytes, so the clips are in the repository.
set -eu
cd "$(dirname "$0")"
from=/usr/share/sonic-pi/samples
[ -d "$from" ] || { echo "make.sh: install the package sonic-pi-samples first" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p clips

# keep NAME: as the package has it
keep() { cp "$from/$1.flac" "clips/$1.flac" && chmod 644 "clips/$1.flac"; }

# wav NAME OUT CODEC RATE CHANNELS
wav() {
    ffmpeg -nostdin -v error -y -i "$from/$1.flac" -map_metadata -1 -fflags +bitexact \
        -flags:a +bitexact -ac "$5" -ar "$4" -c:a "$3" "$2"
}

keep ambi_choir       # stereo, 44.1 kHz, 16 bit
keep drum_splash_hard # mono, 44.1 kHz, 16 bit
keep loop_tabla       # stereo, 44.1 kHz, 16 bit; longer than 10 s
keep misc_burp        # mono, 44.1 kHz, 24 bit
keep misc_crow        # mono, 44.1 kHz, 16 bit; half a second

wav ambi_swoosh clips/ambi_swoosh.wav pcm_s16le 22050 1
wav perc_bell clips/perc_bell.wav pcm_s16le 16000 1
wav vinyl_backspin clips/vinyl_backspin.wav pcm_s24le 48000 2
wav guit_harmonics clips/guit_harmonics.wav pcm_f32le 32000 1

ogg() { # NAME CHANNELS
    wav "$1" "$work/$1.wav" pcm_s16le 44100 "$2"
    oggenc --quiet --serial 1 --discard-comments -q 4 -o "clips/$1.ogg" "$work/$1.wav"
}
ogg ambi_glass_hum 2
ogg guit_e_slide 1
ogg vinyl_hiss 2

mp3() { # NAME RATE CHANNELS BITRATE
    wav "$1" "$work/$1.wav" pcm_s16le "$2" "$3"
    lame --quiet -b "$4" "$work/$1.wav" "clips/$1.mp3"
}
mp3 ambi_piano 48000 2 128
mp3 drum_roll 32000 1 64
