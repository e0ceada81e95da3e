# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# measure.sh - targets of audio files

# Comparison with golden vectors from an independent implementation; tolerances as in
# docs/MEASURES.md: LTAS 0.05 dB over -100 dBFS and 1 dB below, LUFS and crest 0.01, ZCR 2 crossings.
test_golden() {
    py <<'E'
with open(GOLDEN + "/dsp/expected.json", encoding="utf-8") as file:
    targets = json.load(file)["targets"]
compared = 0
for name, expected in targets.items():
    path = f"{GOLDEN}/dsp/{name}"
    if not os.path.exists(path):
        continue
    compared += 1
    rejected = expected.get("rejected")
    [got] = measure(path, status=1 if rejected else 0)
    assert got["file"] == path
    if rejected:
        assert got["reason"] == rejected and list(got) == ["file", "reason", "sentence"], got
        continue
    assert list(got) == ["file", "rate_hz", "channels", "start_frame", "frames", "target_ltas",
                         "target_lufs", "target_dyn", "lufs_mono", "source_quality"], list(got)
    assert got["rate_hz"] == expected["rate"], name
    assert (got["start_frame"], got["frames"]) == (0, expected["n"]), name
    assert_near(got["target_lufs"], expected["lufs"], 0.01, name)
    if got["channels"] == 1 and expected["rate"] == 48000:
        assert_near(got["lufs_mono"], expected["lufs"], 0.01, name)
    if "ltas" in expected:
        for band, (value, right) in enumerate(zip(got["target_ltas"], expected["ltas"])):
            assert_near(value, right, 0.05 if right > -100 else 1, f"{name} band {band}")
        assert_near(got["target_dyn"][0], expected["crest_db"], 0.01, name)
        assert_near(got["target_dyn"][1], expected["zcr"], 2.5 / (expected["n"] - 1), name)
assert compared >= 8, compared
E
}

# A part of a file gives the same numbers as a file with that part alone.
test_segment() {
    py <<'E'
samples = noise(96000)
write_wav("whole.wav", samples)
write_wav("part.wav", samples[12345:12345 + 48000])
[part] = measure("part.wav")
[named] = measure("--start-frame", "12345", "--frames=48000", "whole.wav")
assert (named["start_frame"], named["frames"]) == (12345, 48000)
for name in "target_ltas", "target_lufs", "target_dyn", "lufs_mono", "source_quality":
    assert named[name] == part[name], name
[rest] = measure("--start-frame", "48000", "whole.wav")
assert (rest["start_frame"], rest["frames"]) == (48000, 48000)
for args in (["--start-frame", "96000"], ["--start-frame", "90000", "--frames", "6001"]):
    [outside] = measure(*args, "whole.wav", status=1)
    assert "whole.wav" in outside["sentence"], outside
E
}

# Numbers are printed with all their digits.
test_number_format() {
    py <<'E'
text = patina("measure", "--json", DEMO + "/clips/perc_bell.wav")
got = json.loads(text)
values = got["target_ltas"] + got["target_dyn"] + [got["target_lufs"], got["lufs_mono"]]
assert all("%.17g" % v in text for v in values)
assert max(len("%.17g" % v) for v in values) >= 18  # they are doubles, not rounded ones
E
}

# An invalid file is reported, and the others are measured.
test_bad_among_good() {
    py <<'E'
write_wav("good.wav", tone(48000))
write_wav("short.wav", tone(19199))
write_wav("silent.wav", [0.0] * 48000)
write_wav("nan.wav", tone(24000) + [math.nan] + tone(24000))
with open("text.wav", "w") as out:
    out.write("no sound")
os.mkdir("folder.wav")
expected = {"short.wav": "too_short", "silent.wav": "silent", "nan.wav": "nonfinite",
            "text.wav": "undecodable", "folder.wav": "undecodable", "absent.wav": "missing"}
files = ["good.wav"] + list(expected) + ["good.wav"]
got = measure(*files, status=1)
assert [g["file"] for g in got] == files
for g in got:
    if g["file"] == "good.wav":
        assert_near(g["target_dyn"][0], 20 * math.log10(math.sqrt(2)), 0.01, "crest of a sine")
    else:
        assert g["reason"] == expected[g["file"]], g
        assert g["file"] in g["sentence"] and not g["sentence"].endswith("."), g
E
    run measure good.wav absent.wav short.wav good.wav
    assert_status 1
    [ "$(grep -c good.wav "$WORK/stdout")" -eq 2 ] || fail "not both valid files were measured"
    [ "$(grep -c '^patina: ' "$WORK/stderr")" -eq 2 ] || fail "not one error message per bad file"
}

test_table() {
    run measure "$DEMO"/clips/*
    assert_status 0
    [ ! -s "$WORK/stderr" ] || fail "standard error is not empty"
    [ "$(wc -l <"$WORK/stdout")" -eq 15 ] || fail "expected a header and 14 rows"
    assert_stdout "vinyl_backspin.wav"
}

# Stereo: the loudness of the file differs from that of its mono mix.
test_stereo() {
    py <<'E'
a = tone(88200, rate=44100, hz=997)
both = [x for pair in zip(a, a) for x in pair]
write_wav("dual.wav", both, rate=44100, channels=2)
[got] = measure("dual.wav")
assert_near(got["target_lufs"] - got["lufs_mono"], 10 * math.log10(2), 0.02, "dual mono")
# BS.1770: a full-scale 997 Hz sine in one channel reads -3.01 LUFS; 0.25 is 12.04 dB less.
assert_near(got["lufs_mono"], -3.01 - 20 * math.log10(4), 0.02, "sine")
E
}

# The file name - stands for standard input, from a pipe as well as from a file, and only once.
test_standard_input() {
    local clip=$DEMO/clips/misc_crow.flac
    run measure --json "$clip"
    sed "s|$clip|-|" "$WORK/stdout" >expected
    # shellcheck disable=SC2002 # a pipe is tested
    cat "$clip" | "$PATINA" measure --json - >piped || fail "status $? from a pipe"
    assert_same_dirs expected piped
    "$PATINA" measure --json - <"$clip" >redirected || fail "status $? from a file"
    assert_same_dirs expected redirected
    cp "$DEMO/clips/perc_bell.wav" ./-
    run measure --json ./-
    assert_status 0
    run measure -
    assert_failure 1
    assert_stderr "file '-': the file is empty"
    run measure - -
    assert_status 2
    assert_stderr "'-' is given twice"
    TMPDIR=$WORK/nowhere run measure -
    assert_failure 1
    assert_stderr "temporary folder in '$WORK/nowhere'"
}

# Neither C1 controls nor bidirectional ones reach a terminal, as text or as JSON.
test_controls_are_escaped() {
    local name
    name=$(printf 'a\302\233\342\200\256b.wav')
    run measure --json "$name"
    assert_status 1
    assert_stdout 'a\u009b\u202eb.wav'
    run measure "$name"
    assert_status 1
    assert_stderr 'a\xc2\x9b\xe2\x80\xaeb.wav'
    if LC_ALL=C grep -q -P '\xC2\x9B|\xE2\x80\xAE' "$WORK/stdout" "$WORK/stderr"; then
        fail "a control was printed"
    fi
}

# All commands accept or reject a file alike, and rows have the loudness that measure prints: damaged files, and
# one with the channel mask of 7.1.
test_commands_agree() {
    py <<'E'
import struct
os.makedirs("src")
faults = os.environ["PATINA_ROOT"] + "/tests/data/faults/"
for name in sorted(os.listdir(faults)):
    if name not in ("README.md", "json_nan"):
        shutil.copy(faults + name, "src/" + name)
samples = [v for i, x in enumerate(noise(9600)) for v in [x * (c + 1) / 8 for c in range(8)] * 3]
data = struct.pack(f"<{len(samples)}h", *[int(32767 * x) for x in samples])
guid = bytes([1, 0, 0, 0, 0, 0, 16, 0, 128, 0, 0, 170, 0, 56, 155, 113])
fmt = struct.pack("<HHIIHHHHI", 0xFFFE, 8, 48000, 48000 * 16, 16, 16, 22, 16, 0x63F) + guid
with open("src/mask.wav", "wb") as out:
    out.write(b"RIFF" + struct.pack("<I", 60 + len(data)) + b"WAVEfmt " +
              struct.pack("<I", 40) + fmt + b"data" + struct.pack("<I", len(data)) + data)
names = sorted(os.listdir("src"))
for name in names:
    with open("src/" + name + ".txt", "w", encoding="utf-8") as out:
        out.write("a sound\n")
    os.rename("src/" + name + ".txt", "src/" + name.rsplit(".", 1)[0] + ".txt")
patina("generate", "--corpus", "src", "--model", MINI, "--out", "set", "--format", "jsonl")
rows = {p["entry"]: p for p in read_provenance("set")}
rejects = {r["entry"]: r["reason"] for r in read_rejects("set")}
assert sorted(list(rows) + list(rejects)) == names, (list(rows), rejects)
assert set(rejects) == {"mono_then_stereo.mp3", "zero_size_list_only.wav"}, rejects
for name in names:
    good = name in rows
    [got] = measure("src/" + name, status=0 if good else 1)
    patina("degrade", "src/" + name, "out.wav", status=0 if good else 1)
    if good:
        window = rows[name]["window"]
        assert window["rate_hz"] == got["rate_hz"] and window["frames"] == got["frames"], name
        assert rows[name]["lufs_source"] == got["target_lufs"], name
E
}
