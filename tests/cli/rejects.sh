# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# rejects.sh - bad input: every reject reason, and the rows of good entries

# A manifest with every fault; the second list has the expected rejects.
test_every_reason() {
    py <<'E'
good = DEMO + "/clips/perc_bell.wav"
def cut(source, name, share=0.6):
    with open(f"{DEMO}/clips/{source}", "rb") as file:
        data = file.read()
    with open(name, "wb") as file:
        file.write(data[:int(share * len(data))])

shutil.copy(good, "good.wav")
write_wav("clipped.wav", [max(-0.05, min(0.05, v)) for v in tone(48000)])
write_wav("short.wav", tone(19199))
write_wav("enough.wav", tone(19200))
write_wav("silent.wav", [0.0] * 48000)
write_wav("direct.wav", [0.5] * 48000)
write_wav("nan.wav", tone(24000) + [math.nan] + tone(24000))
write_wav("inf.wav", tone(24000) + [-math.inf] + tone(24000))
write_wav("slow.wav", tone(4000, rate=3999), rate=3999)
write_wav("fast.wav", tone(384001, rate=384001), rate=384001)
write_wav("many.wav", [0.1, -0.1] * 65 * 8000, rate=8000, channels=65)
write_wav("empty-data.wav", [])
open("zero-bytes.wav", "w").close()
os.mkdir("folder.wav")
with open("text.wav", "w") as file:
    file.write("no sound at all\n" * 100)
cut("misc_crow.flac", "cut.flac")
cut("guit_e_slide.ogg", "cut.ogg")
cut("drum_roll.mp3", "cut.mp3")
cut("perc_bell.wav", "cut.wav")
shutil.copy(DEMO + "/clips/misc_crow.flac", "perc_bell.flac")
samples = array.array("f", tone(48000)).tobytes()
for name, claimed in ("unknown0.wav", 0), ("unknown1.wav", 0xFFFFFFFF), ("lies.wav", 2 * 192000):
    with open(name, "wb") as file:
        file.write(wav_header(48000, 1, 32, True, claimed) + samples)

table = [  # audio, more members, reason or None
    ("good.wav", {"id": 7}, None),
    ("perc_bell.flac", {"id": 7}, "duplicate_id"),
    ("absent.wav", {"id": "7"}, "duplicate_id"),
    ("enough.wav", {}, None),
    ("good.wav", {"id": "no caption", "caption": None}, "bad_caption"),
    ("good.wav", {"id": "number", "caption": 5}, "bad_caption"),
    ("good.wav", {"id": "blank", "caption": " \t\u00a0\u3000"}, "bad_caption"),
    ("good.wav", {"id": "empty", "caption": ""}, "bad_caption"),
    ("good.wav", {"id": "none of it", "caption": []}, "bad_caption"),
    ("absent.wav", {"id": "blank and absent", "caption": " "}, "bad_caption"),
    ("absent.wav", {}, "missing"),
    ("text.wav", {}, "undecodable"),
    ("zero-bytes.wav", {}, "undecodable"),
    ("folder.wav", {}, "undecodable"),
    ("cut.wav", {}, "truncated"),
    ("cut.flac", {}, "truncated"),
    ("cut.ogg", {}, "truncated"),
    ("cut.mp3", {}, "truncated"),
    ("lies.wav", {}, "truncated"),
    ("unknown0.wav", {}, None),
    ("unknown1.wav", {}, None),
    ("slow.wav", {}, "unsupported"),
    ("fast.wav", {}, "unsupported"),
    ("many.wav", {}, "unsupported"),
    ("short.wav", {}, "too_short"),
    ("empty-data.wav", {}, "too_short"),
    ("nan.wav", {}, "nonfinite"),
    ("inf.wav", {}, "nonfinite"),
    ("silent.wav", {}, "silent"),
    ("good.wav", {"id": "left out", "caption": ""}, "excluded"),
    ("good.wav", {"id": "not wanted", "caption": "a song"}, "filtered"),
    ("clipped.wav", {}, "low_quality"),
    ("direct.wav", {}, "silent"),
    ("good.wav", {"id": "last"}, None),
]
with open("exclude.txt", "w") as file:
    file.write("left out\n")
lines, expected, rows = [], [], []
for audio, more, reason in table:
    item = {"audio": audio, "caption": "a sound", **more}
    if item["caption"] is None:
        del item["caption"]
    lines.append(item)
    name = str(more.get("id", audio))
    if reason:
        expected.append((name, audio, reason))
    else:
        rows.append(name)
write_jsonl("manifest.jsonl", lines)
out = patina("generate", "--corpus", "manifest.jsonl", "--model", MINI, "--out", "set",
             "--format", "jsonl", "--exclude", "exclude.txt", "--filter", "caption!~song",
             "--require", "flat_run<=3")
got = read_rejects("set")
assert all(list(r) == ["entry", "source", "reason", "sentence"] for r in got), got
assert [(r["entry"], r["source"], r["reason"]) for r in got] == expected, \
    [(g["entry"], g["reason"], e) for g, e in zip(got, expected)
     if (g["entry"], g["source"], g["reason"]) != e]
for r in got:
    assert r["sentence"] and not r["sentence"].endswith(".") and "\n" not in r["sentence"], r
    assert os.getcwd() not in r["sentence"], r
assert [p["entry"] for p in read_provenance("set")] == rows
assert {r["reason"] for r in got} == set(REJECT_REASONS) - {"timeout"} # that one is in timeouts.sh
counts = {reason: sum(r["reason"] == reason for r in got) for reason in REJECT_REASONS
          if reason != "timeout"}
for reason, count in counts.items():
    assert f"{count} {reason}" in out, (reason, out)
n_entries = len({str(more.get("id", audio)) for audio, more, _ in table})
assert f"{len(rows)} rows of {n_entries} entries" in out and f"{len(got)} rejects" in out, out
E
}

# A broken line is a reject with its line number, or with the entry's id where it can be read; blank
# lines are skipped.
test_broken_lines() {
    py <<'E'
shutil.copy(DEMO + "/clips/perc_bell.wav", "bell.wav")
good = b'{"audio": "bell.wav", "caption": "a bell", "id": "%d"}'
lines = [good % 1, b"", b"{", b"   ", b'"text"', b"[1]", b"null", b'{"caption": "no audio"}',
         b'{"audio": 5, "caption": "x"}', b'{"audio": "bell.wav", "caption": "x"} trailing',
         b'{"audio": "bell.wav", "caption": "x", "id": {}}', b"\xff\xfe", good % 13,
         b'{"audio": "bell.wav", "id": "14", "caption": "\xff"}',
         b'{"audio": "bell.wav", "id": "15", "caption": "\\ud800"}',
         b'{"audio": "bell.wav", "id": "16", "caption": "a\\u0000b"}', b"{" * 5000, good % 18]
write_jsonl("manifest.jsonl", lines)
patina("generate", "--corpus", "manifest.jsonl", "--model", MINI, "--out", "set")
assert [p["entry"] for p in read_provenance("set")] == ["1", "13", "18"]
got = read_rejects("set")
numbers = [3, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16, 17]
assert len(got) == len(numbers), [(r["source"], r["sentence"]) for r in got]
for r, number in zip(got, numbers):
    wanted = {8: "missing", 9: "missing", 14: "bad_caption", 15: "bad_caption", 16: "bad_caption"}
    assert r["reason"] == wanted.get(number, "undecodable"), (number, r)
    assert r["entry"] == str(number) or str(number) in r["source"] + r["sentence"], (number, r)
E
}

# A bad caption loses only its own rows; the others keep their index.
test_bad_caption_in_list() {
    py <<'E'
write_jsonl("manifest.jsonl", [{"audio": DEMO + "/clips/perc_bell.wav", "id": "bell",
                                "caption": ["one", " ", "three", 4, "five"]}])
patina("generate", "--corpus", "manifest.jsonl", "--model", MINI, "--out", "set", "--variants", "2")
assert [(p["caption"], p["caption_index"], p["variant"]) for p in read_provenance("set")] == \
    [("one", 0, 0), ("one", 0, 1), ("three", 2, 4), ("three", 2, 5), ("five", 4, 8), ("five", 4, 9)]
assert [(r["entry"], r["reason"]) for r in read_rejects("set")] == [("bell", "bad_caption")] * 2
E
}

# Variant numbers have 24 bits; rows beyond that are rejected.
test_too_many_variants() {
    py <<'E'
seed = next(s for s in range(1000) if philox_uniforms(s, "crow", 0, CAPTION, 1)[0] * 300 >= 256)
write_jsonl("manifest.jsonl", [{"audio": DEMO + "/clips/misc_crow.flac", "id": "crow",
                                "caption": ["word %d" % i for i in range(300)]}])
done = subprocess.run([PATINA, "generate", "--corpus", "manifest.jsonl", "--model", MINI, "--out",
                       "set", "--variants", "65536", "--captions", "random", "--seed", str(seed)],
                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
assert done.returncode == 1 and b"Sanitizer" not in done.stderr, done
assert b"variant" in done.stderr, done.stderr
E
}

test_strict_mode() {
    py <<'E'
write_jsonl("some.jsonl", [{"audio": DEMO + "/clips/perc_bell.wav", "caption": "a bell"},
                           {"audio": "absent.wav", "caption": "nothing"}])
write_jsonl("none.jsonl", [{"audio": "absent.wav", "caption": "nothing"}])
write_jsonl("empty.jsonl", [])
E
    run generate --model "$MINI" --corpus some.jsonl --out a
    assert_status 0
    assert_stderr "reject: entry 'absent.wav': "
    run generate --model "$MINI" --corpus some.jsonl --out b --strict
    assert_status 1
    assert_same_dirs a b
    run generate --model "$MINI" --corpus none.jsonl --out c --keep-going
    assert_status 1
    assert_stderr "patina: the data set has no rows"
    [ "$(wc -l <c/rejects.jsonl)" -eq 1 ] || fail "no reject was recorded"
    run generate --model "$MINI" --corpus empty.jsonl --out d
    assert_status 1
    assert_stderr "corpus 'empty.jsonl' has no entries"
    run generate --model "$MINI" --corpus none.jsonl --out e
    assert_status 1
    assert_stderr "all entries (1) are rejected as missing; looked in '.', which has 0 audio files"
    [ ! -e d ] && [ ! -e e ] || fail "a folder was left behind"
}

# A run whose first entries are all rejected for one reason, which may be known only from the audio, leaves nothing.
test_no_rows() {
    py <<'E'
for i in range(3):
    write_wav(f"t{i}.wav", tone(24000 + i), rate=48000)
    write_wav(f"silent{i}.wav", [0] * 24000, rate=48000)
    write_wav(f"short{i}.wav", tone(2400), rate=48000)
for name in "t", "silent", "short":
    write_jsonl(f"{name}.jsonl", [{"audio": f"{name}{i}.wav", "caption": f"a tone {i}"} for i in range(3)])
write_jsonl("mixed.jsonl", [{"audio": "t0.wav", "caption": " "}, {"audio": "t1.wav", "caption": "one", "id": "1"}])
silent = [{"audio": "silent0.wav", "caption": "x", "id": str(i)} for i in range(200)]
write_wav("long.wav", [0] * 1200000, rate=48000)
write_jsonl("slow.jsonl", [dict(entry, audio="long.wav") for entry in silent[1:]] + [{"audio": "t0.wav", "caption": "one"}])
write_jsonl("late.jsonl", silent[1:] + [{"audio": "t0.wav", "caption": "one"}])
write_jsonl("too-late.jsonl", silent + [{"audio": "t0.wav", "caption": "one"}])
with open("ids.txt", "w") as out:
    out.write("1\nt0.wav\nt1.wav\nt2.wav\n")
E
    refused() { # CORPUS WORDS OPTION...
        local corpus=$1 words=$2
        shift 2
        run generate --model "$MINI" --out set --keep-audio audio --corpus "$corpus" "$@"
        assert_status 1
        assert_stderr "$words"
        assert_stderr "'--keep-going' overrides this"
        if [ -e set ] || [ -e audio ]; then fail "$corpus $*: a folder was left behind"; fi
    }
    refused t.jsonl "all entries (3) are rejected as filtered, the first because caption is 'a tone 0'" \
        --filter 'caption~zebra'
    refused t.jsonl "all entries (3) are rejected as filtered, the first because 't0.wav': duration is 0.5" \
        --filter 'duration>=9'
    refused t.jsonl "change '--filter'" --filter 'duration>=9' --threads 2
    refused t.jsonl "rejected as low_quality, the first because 't0.wav': bandwidth_hz is" \
        --require 'bandwidth_hz>=90000'
    refused t.jsonl "change '--require'" --require 'bandwidth_hz>=90000' --chunk 1
    refused t.jsonl "all entries (3) are rejected as excluded" --exclude ids.txt
    refused silent.jsonl "all entries (3) are rejected as silent"
    refused short.jsonl "all entries (3) are rejected as too_short"
    refused mixed.jsonl "none of 2 entries gives a row: 1 bad_caption, 1 filtered" --filter 'caption~zebra'
    refused too-late.jsonl "the first entries (200) are rejected as silent" --chunk 7
    # the corrected command
    generate --corpus t.jsonl --out set --filter 'duration>=0.4'
    run generate --model "$MINI" --corpus t.jsonl --out all --filter 'duration>=9' --keep-going
    assert_status 1
    assert_stderr "patina: the data set has no rows"
    [ "$(wc -l <all/rejects.jsonl)" -eq 3 ] || fail "not three rejects"
    # rejects that were held are written in order
    generate --corpus late.jsonl --out late --chunk 7
    generate --corpus late.jsonl --out keep --chunk 7 --keep-going
    assert_same_dirs late keep
    [ "$(wc -l <late/rejects.jsonl)" -eq 199 ] || fail "not 199 rejects"
    # also those of a run that is stopped; a fast machine may make all
    run generate --model "$MINI" --corpus slow.jsonl --out stopped --chunk 7 --time-limit 1 --threads 1
    [ "$STATUS" -eq 75 ] || assert_status 0
    generate --corpus slow.jsonl --out stopped --chunk 7
    generate --corpus slow.jsonl --out whole --chunk 7
    assert_same_dirs whole stopped
}

# Twenty rejects are shown; the file has all.
test_many_rejects() {
    py <<'E'
write_jsonl("manifest.jsonl", [{"audio": f"absent-{i}.wav", "caption": "x"} for i in range(50)])
E
    run generate --model "$MINI" --corpus manifest.jsonl --out set --keep-going
    assert_status 1
    [ "$(grep -c -E "^$DATE reject: entry 'absent-" "$WORK/stderr")" -eq 20 ] || fail "not twenty rejects were shown"
    assert_stderr "rejects.jsonl"
    [ "$(wc -l <set/rejects.jsonl)" -eq 50 ] || fail "not all rejects are in the file"
}

# Messages of decoding libraries do not reach the user.
test_libraries_are_silent() {
    py <<'E'
with open(DEMO + "/clips/drum_roll.mp3", "rb") as file:
    data = bytearray(file.read())
for i in range(5000, len(data), 997):
    data[i] ^= 0xFF
with open("noisy.mp3", "wb") as file:
    file.write(data)
write_jsonl("manifest.jsonl", [{"audio": "noisy.mp3", "caption": "x"}])
E
    run generate --model "$MINI" --corpus manifest.jsonl --out set
    [ "$STATUS" -le 1 ] || fail "status $STATUS"
    grep -q -E '"entry": "noisy.mp3"' set/rejects.jsonl set/provenance/*.jsonl ||
        fail "neither a row nor a reject"
    if grep -v -E "^($DATE (reject|note)|patina): " "$WORK/stderr"; then fail "a library printed a message"; fi
    if grep -i -E 'mpg123|layer' "$WORK/stdout"; then fail "a library printed a message"; fi
}
