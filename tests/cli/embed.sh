# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# embed.sh - embeddings of captions and files, compared with the reference implementation

# Every golden caption and clip of the small model. The tolerance is that of the encoders, 1e-5: mono
# clips at 48 kHz are not changed by decoding, mixing and resampling.
test_golden() {
    py <<'E'
with open(MINI + "/golden/index.json", encoding="utf-8") as file:
    index = json.load(file)
args, names, expected = [], [], []
for item in index["text"]:
    caption = bytes.fromhex(item["utf8_hex"]).decode("utf-8")
    if "\0" in caption:
        continue  # no command line can hold it
    args.append("--text=" + caption)
    names.append(item["name"])
    expected.append(read_npy(f"{MINI}/golden/{item['embedding']}")[1])
for item in index["audio"]:
    path = os.path.normpath(f"{MINI}/golden/{item['samples_file']}")
    write_wav(item["name"] + ".wav", read_npy(path)[1][:item["samples"]])
    args += ["--audio", item["name"] + ".wav"]
    if item["crop_offset"]:
        args += ["--start-frame", str(item["crop_offset"])]
    names.append(item["name"])
    expected.append(read_npy(f"{MINI}/golden/{item['embedding']}")[1])
patina("embed", "--model", MINI, "--out", "all.npy", *args)
shape, values = read_npy("all.npy")
assert shape == (len(expected), 512), shape
assert len(index["text"]) >= 20 and len(index["audio"]) >= 5
for i, name in enumerate(names):
    row = values[512 * i:512 * i + 512]
    assert_near(math.fsum(x * x for x in row), 1, 1e-5, name)
    assert_all_near(row, expected[i], 1e-5, name)
E
}

# Rows are in the order given and do not depend on each other.
test_order() {
    local bell=$DEMO/clips/perc_bell.wav
    run embed --model "$MINI" --out mixed.npy --text 'a bell' --audio "$bell" --text '' \
        --audio "$bell" --start-frame 16000 --text 'a bell'
    assert_status 0
    run embed --model "$MINI" --out bell.npy --audio "$bell"
    run embed --model "$MINI" --out later.npy --audio="$bell" --start-frame=16000
    run embed --model "$MINI" --out text.npy --text 'a bell'
    run embed --model "$MINI" --out empty.npy --text ''
    py <<'E'
shape, mixed = read_npy("mixed.npy")
assert shape == (5, 512), shape
alone = {}
for i, name in enumerate(["text", "bell", "empty", "later", "text"]):
    shape, alone[name] = read_npy(name + ".npy")
    assert shape == (1, 512)
    assert mixed[512 * i:512 * i + 512] == alone[name], name
assert alone["bell"] != alone["later"] and alone["text"] != alone["empty"]
E
}

# On any number of threads each embedding equals that of its item alone, also within a batch of
# captions; of several errors the first is reported.
test_threads() {
    py <<'E'
words = "a bell rings while the dog barks twice and rain falls on an old roof".split()
args, alone = [], []
clips = sorted(os.listdir(DEMO + "/clips"))[:5]
for i in range(43):
    things = [("--text", " ".join(words[:i % 15]) + "!" * (i // 15))]
    if i % 9 == 4:
        things.append(("--audio", f"{DEMO}/clips/{clips[i // 9]}"))
    for option, value in things:
        args.append(f"{option}={value}")
        patina("embed", "--model", MINI, "--threads", "1", "--out", "one.npy", args[-1])
        alone.append(read_npy("one.npy")[1])
for threads in "1", "2", "7":
    patina("embed", "--model", MINI, "--threads", threads, "--out", "all.npy", *args)
    shape, values = read_npy("all.npy")
    assert shape == (len(alone), 512), shape
    for i, row in enumerate(alone):
        assert values[512 * i:512 * i + 512] == row, (threads, args[i])
E
    for threads in 1 5; do
        run embed --model "$MINI" --threads $threads --out e.npy \
            --audio "$DEMO/clips/misc_crow.flac" --audio absent-1.wav --text x \
            --audio absent-2.wav --audio absent-3.wav
        assert_failure 1
        assert_stderr absent-1.wav
        [ ! -e e.npy ] || fail "e.npy was written despite missing files"
    done
    run embed --model "$MINI" --threads 0 --out e.npy --text x
    assert_failure 2
}

# A single sample is enough audio: it is repeated.
test_one_sample() {
    py <<'E'
write_wav("one.wav", [0.5])
write_wav("full.wav", [0.5] * 480000)
patina("embed", "--model", MINI, "--out", "e.npy", "--audio", "one.wav", "--audio", "full.wav")
_, values = read_npy("e.npy")
assert values[:512] == values[512:]
E
}

test_failures_leave_no_file() {
    py <<'E'
write_wav("nan.wav", tone(24000) + [math.inf] + tone(24000))
write_wav("late.wav", tone(480000) + [math.nan] * 100)
with open("text.wav", "w") as out:
    out.write("no sound")
E
    for name in nan.wav text.wav absent.wav; do
        run embed --model "$MINI" --out e.npy --text fine --audio "$name"
        assert_failure 1
        assert_stderr "$name"
        [ ! -e e.npy ] || fail "e.npy was written despite $name"
    done
    run embed --model "$MINI" --out e.npy --audio late.wav --start-frame 480100
    assert_failure 1
    [ ! -e e.npy ] || fail "e.npy was written despite a start beyond the end"
    run embed --model "$MINI" --out e.npy --audio late.wav # only its first 10 s count
    assert_status 0
    run embed --model no-model --out f.npy --text x
    assert_failure 1
    assert_stderr no-model
    run embed --model "$MINI" --out no-folder/e.npy --text x
    assert_failure 1
    assert_stderr no-folder/e.npy
}

# The tokenizer's files are read only for captions, the preprocessor's only for audio.
test_reads_what_it_needs() {
    mkdir audio-only text-only
    cp "$MINI"/{config.json,preprocessor_config.json,model.safetensors} audio-only/
    cp "$MINI"/{config.json,vocab.json,merges.txt,model.safetensors} text-only/
    run embed --model audio-only --out a.npy --audio "$DEMO/clips/misc_crow.flac"
    assert_status 0
    run embed --model text-only --out t.npy --text 'a crow'
    assert_status 0
    run embed --model audio-only --out x.npy --text 'a crow'
    assert_failure 1
    assert_stderr vocab.json
    run embed --model text-only --out x.npy --audio "$DEMO/clips/misc_crow.flac"
    assert_failure 1
    assert_stderr preprocessor_config.json
}

# Every instruction set of this machine gives the same embeddings up to rounding; the tolerance is half
# of that to the reference.
test_isa() {
    run embed --isa c --model "$MINI" --out c.npy --text 'a bell' \
        --audio "$DEMO/clips/perc_bell.wav"
    assert_status 0
    for isa in auto avx2 avx512; do
        run embed --isa $isa --model "$MINI" --out $isa.npy --text 'a bell' \
            --audio "$DEMO/clips/perc_bell.wav"
        if [ "$STATUS" -eq 2 ] && [ $isa != auto ]; then
            assert_stderr "option '--isa'"
            continue
        fi
        assert_status 0
        ISA=$isa py <<'E'
_, plain = read_npy("c.npy")
_, other = read_npy(os.environ["ISA"] + ".npy")
assert_all_near(other, plain, 5e-6, os.environ["ISA"])
E
    done
}

# Captions from the lines of a file, and standard input and output.
test_texts_and_standard_streams() {
    local clip=$DEMO/clips/misc_crow.flac
    printf 'a dog\r\nein M\303\274hlrad\n\nno line end' >captions.txt
    run embed --model "$MINI" -o expected.npy --text first --text 'a dog' --text 'ein Mühlrad' \
        --text '' --text 'no line end' --audio "$clip" --start-frame 7 --text last
    assert_status 0
    run embed --model "$MINI" -o got.npy --text first --texts captions.txt --audio "$clip" \
        --start-frame 7 --text last
    assert_status 0
    cmp expected.npy got.npy || fail "other embeddings from --texts"
    "$PATINA" embed --model "$MINI" -o - --text first --texts - --audio "$clip" --start-frame 7 \
        --text last <captions.txt >piped.npy || fail "status $? with captions from standard input"
    cmp expected.npy piped.npy || fail "other embeddings from standard input"
    # shellcheck disable=SC2002 # a pipe is tested
    cat "$clip" | "$PATINA" embed --model "$MINI" -o piped.npy --text first --texts captions.txt \
        --audio - --start-frame 7 --text last || fail "status $? with audio from standard input"
    cmp expected.npy piped.npy || fail "other embeddings from audio on standard input"
    : >empty.txt
    run embed --model "$MINI" -o none.npy --texts empty.txt
    assert_failure 2
    assert_stderr "at least one '--text', '--texts' or '--audio' is expected"
    printf 'good\nbad \377\n' >bad.txt
    run embed --model "$MINI" -o none.npy --texts bad.txt
    assert_failure 2
    assert_stderr "option '--texts': 'bad \\xff' is not UTF-8"
    run embed --model "$MINI" -o none.npy --texts absent.txt
    assert_failure 1
    assert_stderr absent.txt
    run embed --model "$MINI" -o none.npy --audio -
    assert_failure 1
    assert_stderr "file '-': the file is empty"
    [ ! -e none.npy ] || fail "a file was written after an error"
}
