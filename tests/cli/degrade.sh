# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# degrade.sh - degradation of one file: drawn, named and replayed

# The program draws the golden chains, which are made by an independent implementation.
test_golden_draws() {
    py <<'E'
with open(GOLDEN + "/dsp/expected.json", encoding="utf-8") as file:
    draws = json.load(file)["draws"]

def same(got, expected, path):
    if isinstance(expected, dict):
        assert isinstance(got, dict) and set(got) == set(expected), (path, got, expected)
        for key in expected:
            same(got[key], expected[key], f"{path}.{key}")
    elif isinstance(expected, list):
        assert len(got) == len(expected), (path, got, expected)
        for i, (g, e) in enumerate(zip(got, expected)):
            same(g, e, f"{path}[{i}]")
    elif isinstance(expected, float):
        assert_near(got, expected, 1e-9 * abs(expected), path)
    else:
        assert got == expected, (path, got, expected)

for n in {draw["n"] for draw in draws}:
    write_wav(f"{n}.wav", noise(n))
for draw in draws:
    got = json.loads(patina("degrade", f"--seed={draw['seed']}", f"--entry={draw['entry']}",
                            f"--variant={draw['variant']}",
                            "--order=" + ("random" if draw["shuffle"] else "physical"),
                            f"{draw['n']}.wav", "out.wav"))
    same(got["chain"], draw["chain"], f"{draw['entry']}/{draw['variant']}")
    assert (got["entry"], got["seed"], got["variant"]) == \
        (draw["entry"], draw["seed"], draw["variant"])
    assert got["window"] == {"start": 0, "frames": draw["n"], "rate_hz": 48000, "channels": 1}
assert len(draws) >= 5
E
}

# Golden audio: a recipe gives the expected samples and the expected purity.
test_golden_recipes() {
    py <<'E'
with open(GOLDEN + "/dsp/expected.json", encoding="utf-8") as file:
    effects = json.load(file)["effects"]
exact = {"comb1", "comb3", "pops_click", "pops_boop", "clip_hard"}  # bar 1e-5, else 1e-4
for name, effect in effects.items():
    recipe = {"comment": "members that replay does not need are ignored",
              "entry": effect["noise_entry"], "seed": effect["noise_seed"],
              "variant": effect["noise_variant"], "chain": effect["chain"],
              "window": {"start": 0, "frames": 60000, "rate_hz": 48000, "channels": 1}}
    write_jsonl("recipe.json", [recipe])
    got = json.loads(patina("degrade", "--recipe", "recipe.json",
                            f"{GOLDEN}/dsp/{effect['input']}", "out.wav"))
    for member in "purity_db", "snr_db", "sdr_db":
        assert_near(got[member], effect[member], 0.05, f"{name} {member}")
    assert_near(got["output_gain"], effect["output_gain"], 1e-4, name)
    assert [s["fx"] for s in got["stages"]] == [s["fx"] for s in effect["stages"]], name
    if effect["output"]:
        rate, channels, samples = read_float_wav("out.wav")
        _, _, expected = read_float_wav(f"{GOLDEN}/dsp/{effect['output']}")
        assert (rate, channels) == (48000, 1)
        peak = max(abs(x) for x in expected)
        assert_all_near(samples, expected, (1e-5 if name in exact else 1e-4) * peak, name)
assert len(effects) >= 14
E
}

test_object() {
    run degrade --seed 3 "$DEMO/clips/loop_tabla.flac" out.wav
    assert_status 0
    [ "$(wc -l <"$WORK/stdout")" -eq 1 ] || fail "not one line"
    py <<'E'
with open("stdout", encoding="utf-8") as file:
    got = json.loads(file.read())
known = [name for name in PROVENANCE_MEMBERS if name in got]
assert list(got) == known, (list(got), known)  # these members and no other, in this order
for name in ("entry", "seed", "variant", "window", "chain", "stages", "output_gain", "purity_db",
             "snr_db", "sdr_db"):
    assert name in got, name
assert got["entry"] == "loop_tabla.flac" and got["seed"] == 3 and got["variant"] == 0
window = got["window"]
assert list(window) == ["start", "frames", "rate_hz", "channels"]
assert (window["frames"], window["rate_hz"], window["channels"]) == (441000, 44100, 2)
assert 0 <= window["start"] <= 470723 - 441000
rate, channels, samples = read_float_wav("out.wav")
assert (rate, channels, len(samples)) == (48000, 1, 480000)
assert max(abs(x) for x in samples) <= 0.999 + 1e-6
E
}

# The same draw gives the same bytes; another seed, entry or variant gives others. The default entry is
# the file's name without its folder.
test_draws_depend_on_names_alone() {
    local clip=$DEMO/clips/guit_harmonics.wav
    mkdir elsewhere
    cp "$clip" elsewhere/
    cp "$clip" other.wav
    run degrade --seed 9 "$clip" a.wav
    assert_status 0
    mv "$WORK/stdout" a.json
    run degrade --seed=9 elsewhere/guit_harmonics.wav b.wav
    mv "$WORK/stdout" b.json
    run degrade --seed 9 --entry guit_harmonics.wav --variant 0 other.wav c.wav
    mv "$WORK/stdout" c.json
    for x in b c; do
        assert_same_dirs a.wav $x.wav
        assert_same_dirs a.json $x.json
    done
    run degrade --seed 10 "$clip" seed.wav
    run degrade --seed 9 --variant 1 "$clip" variant.wav
    run degrade --seed 9 other.wav entry.wav
    for x in seed variant entry; do
        [ -s $x.wav ] || fail "no $x.wav"
        if cmp -s a.wav $x.wav; then fail "another $x gives the same bytes"; fi
    done
}

# The output is a recipe that gives the same bytes, for both orders and some variants.
test_replay() {
    for k in 0 1 2 3 4 5 6 7; do
        order=physical
        [ $((k % 2)) -eq 0 ] || order=random
        run degrade --seed 77 --variant $k --order $order "$DEMO/clips/vinyl_hiss.ogg" drawn.wav
        assert_status 0
        mv "$WORK/stdout" drawn.json
        run degrade --recipe drawn.json "$DEMO/clips/vinyl_hiss.ogg" replayed.wav
        assert_status 0
        assert_same_dirs drawn.wav replayed.wav
        py <<'E'
with open("drawn.json", encoding="utf-8") as a, open("stdout", encoding="utf-8") as b:
    drawn, replayed = json.load(a), json.load(b)
assert "chain" in replayed and "purity_db" in replayed
for name in replayed:
    assert replayed[name] == drawn[name], name
E
    done
}

# Provenance lines of release 0.1, pink and brown noise among all other effects, replay within 1e-6 of
# the peak; 0.1 made its noise by another transform. variant_*.npy has every eighth sample of 0.1.
test_replay_of_0_1() {
    py <<'E'
with open(GOLDEN + "/recipes_0.1/provenance.jsonl", encoding="utf-8") as file:
    lines = file.readlines()
for line in lines:
    with open("line.json", "w", encoding="utf-8") as file:
        file.write(line)
    row = json.loads(line)
    got = json.loads(patina("degrade", "--recipe", "line.json", DEMO + "/clips/misc_crow.flac",
                            "out.wav"))
    _, _, samples = read_float_wav("out.wav")
    _, expected = read_npy(f"{GOLDEN}/recipes_0.1/variant_{row['variant']}.npy")
    peak = max(abs(x) for x in samples)
    assert_all_near(samples[::8], expected, 1e-6 * peak, f"variant {row['variant']}")
    for name in "chain", "window", "seed":
        assert got[name] == row[name], name
    assert_near(got["purity_db"], row["purity_db"], 1e-4, "purity_db")
assert len(lines) == 2
E
}

test_recipe_refused() {
    run degrade --seed 1 "$DEMO/clips/perc_bell.wav" out.wav
    mv "$WORK/stdout" good.json
    py <<'E'
with open("good.json", encoding="utf-8") as file:
    good = json.load(file)
needed = ["entry", "seed", "variant", "window", "chain"]
cases = [({k: v for k, v in good.items() if k != name}, name) for name in needed]
cases += [({**good, "seed": -1}, "seed"), ({**good, "seed": "1"}, "seed"),
          ({**good, "variant": 1 << 24}, "variant"), ({**good, "entry": 7}, "entry"),
          ({**good, "chain": [{"fx": "echo"}]}, "echo"), ({**good, "chain": {}}, "chain"),
          ({**good, "window": {**good["window"], "rate_hz": 44100}}, "perc_bell.wav"),
          ({**good, "window": {**good["window"], "frames": 10 ** 9}}, None),
          ({**good, "window": {"start": 0}}, "window")]
def refuse(word):
    done = subprocess.run([PATINA, "degrade", "--recipe", "bad.json", DEMO + "/clips/perc_bell.wav",
                           "bad.wav"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    said = done.stderr.decode()
    assert done.returncode == 1 and said.count("\n") == 1 and not done.stdout, (word, done)
    assert said.startswith("patina: ") and (word is None or word in said), (word, said)
    assert not os.path.exists("bad.wav"), word
for recipe, word in cases:
    write_jsonl("bad.json", [recipe])
    refuse(word)
for text in "", "[]", "{", "null", '{"entry": "a"':
    write_jsonl("bad.json", [text])
    refuse("bad.json")
E
}

# The input file is never overwritten, under any of its names.
test_input_is_kept() {
    cp "$DEMO/clips/perc_bell.wav" in.wav
    cp in.wav kept.wav
    ln in.wav hard.wav
    ln -s in.wav soft.wav
    for name in in.wav ./in.wav hard.wav soft.wav; do
        run degrade in.wav "$name"
        assert_failure 2
        assert_stderr "is the input file"
        assert_same_dirs kept.wav in.wav
    done
}

# A name ending in .flac gives the samples of the WAV in 24 bits; other suffixes are refused.
test_output_formats() {
    run degrade --seed 4 "$DEMO/clips/perc_bell.wav" out.wav
    assert_status 0
    run degrade --seed 4 "$DEMO/clips/perc_bell.wav" OUT.FLAC
    assert_status 0
    py <<'E'
head = open("OUT.FLAC", "rb").read(26)
assert head[:4] == b"fLaC", head
bits = ((head[20] & 1) << 4 | head[21] >> 4) + 1
assert bits == 24, bits
_, _, samples = read_float_wav("out.wav")
total = int.from_bytes(head[21:26], "big") & 0xFFFFFFFFF
assert total == len(samples), (total, len(samples))
E
    for name in out.mp3 out.ogg out wav .wav; do
        run degrade --seed 4 "$DEMO/clips/perc_bell.wav" "$name"
        assert_status 2
        assert_stderr "output file '$name': the name ends neither in .wav nor in .flac"
        [ ! -e "$name" ] || fail "$name was written"
    done
}

test_rejects() {
    py <<'E'
write_wav("silent.wav", [0.0] * 48000)
write_wav("short.wav", tone(19199))
write_wav("nan.wav", [math.nan] + tone(48000))
E
    for name in silent.wav short.wav nan.wav absent.wav; do
        run degrade "$name" out.wav
        assert_failure 1
        assert_stderr "$name"
        [ ! -e out.wav ] || fail "out.wav was written"
    done
    run degrade "$DEMO/clips/perc_bell.wav" no-folder/out.wav
    assert_failure 1
    assert_stderr no-folder/out.wav
}

# Named effects: exactly these, in the order listed, with the parameters of the severity; the output is
# a recipe.
test_effects_by_name() {
    local clip=$DEMO/clips/loop_tabla.flac word
    for word in light medium heavy; do
        run degrade --effects clip,noise --severity $word "$clip" $word.wav
        assert_status 0
        mv "$WORK/stdout" $word.json
    done
    run degrade --effects clip,noise "$clip" default.wav
    assert_same_dirs medium.wav default.wav
    run degrade --recipe heavy.json "$clip" again.wav
    assert_status 0
    assert_same_dirs heavy.wav again.wav
    py <<'E'
purity = []
for word, place in ("light", 0.2), ("medium", 0.5), ("heavy", 0.85):
    with open(word + ".json", encoding="utf-8") as file:
        got = json.load(file)
    clip, noise = got["chain"]
    assert (clip["fx"], clip["kind"]) == ("clip", "hard"), clip
    assert_near(clip["fraction"], 0.005 * 50 ** place, 1e-12, word)       # log-uniform, 0.005 to 0.25
    assert (noise["fx"], noise["colour"]) == ("noise", "white"), noise
    assert_near(noise["snr_db"], 40 - 40 * place, 1e-9, word)             # uniform, 0 to 40, less is worse
    purity.append(got["purity_db"])
assert purity[0] > purity[1] + 3 > purity[2] + 6, purity
E
}

test_effects_refused() {
    local clip=$DEMO/clips/perc_bell.wav
    run degrade --effects mud,echo "$clip" out.wav
    assert_failure 2
    assert_stderr "option '--effects': 'echo' is not an effect; the effects are comb, mud, sibilance, noise, clip, pops"
    run degrade --effects mud,clip,mud "$clip" out.wav
    assert_failure 2
    assert_stderr "option '--effects': 'mud' is named twice"
    run degrade --effects mud, "$clip" out.wav
    assert_failure 2
    assert_stderr "'' is not an effect"
    run degrade --severity heavy "$clip" out.wav
    assert_failure 2
    assert_stderr "'--severity'"
    run degrade --effects mud --order random "$clip" out.wav
    assert_failure 2
    assert_stderr "'--order' and '--effects' exclude each other"
    run degrade --effects mud --severity awful "$clip" out.wav
    assert_failure 2
    assert_stderr "'awful' is not one of light, medium, heavy"
    run degrade --effects mud --recipe x.json "$clip" out.wav
    assert_failure 2
    assert_stderr "'--effects' and '--recipe' exclude each other"
    [ ! -e out.wav ] || fail "out.wav was written"
}

# The output may be an option, and - stands for standard input and output.
test_standard_streams() {
    local clip=$DEMO/clips/misc_crow.flac
    run degrade "$clip" expected.wav
    mv "$WORK/stdout" expected.json
    run degrade -o option.wav "$clip"
    assert_status 0
    cmp expected.wav option.wav || fail "other audio with -o"
    mkdir tmp
    TMPDIR=$WORK/tmp "$PATINA" degrade "$clip" - >piped.wav 2>piped.json || fail "status $?"
    cmp expected.wav piped.wav || fail "other audio on standard output"
    assert_same_dirs expected.json piped.json
    # shellcheck disable=SC2002 # a pipe is tested
    cat "$clip" | TMPDIR=$WORK/tmp "$PATINA" degrade -q --entry misc_crow.flac - -o - >both.wav \
        2>both.log || fail "status $?"
    cmp expected.wav both.wav || fail "other audio from standard input"
    [ ! -s both.log ] || fail "not quiet: $(head -n 1 both.log)"
    [ -z "$(ls tmp)" ] || fail "not removed: $(ls tmp)"
    "$PATINA" degrade "$clip" again.wav --recipe - <expected.json >"$WORK/stdout"
    cmp expected.wav again.wav || fail "other audio from a recipe on standard input"
    run degrade "$clip" a.wav -o b.wav
    assert_failure 2
    assert_stderr "'a.wav' and '--out' both name the output file"
    run degrade "$clip"
    assert_failure 2
    assert_stderr "two files, IN and OUT.wav, are expected"
    STATUS=0
    # shellcheck disable=SC2034 # assert_status reads it
    "$PATINA" degrade -q "$clip" - >/dev/full 2>"$WORK/stderr" || STATUS=$?
    assert_status 1
    assert_stderr "standard output could not be written"    STATUS=0
    # shellcheck disable=SC2034 # assert_status reads it
    "$PATINA" degrade "$clip" unprinted.wav >/dev/full 2>"$WORK/stderr" || STATUS=$?
    assert_status 1
    assert_stderr "standard output could not be written"
    [ ! -e unprinted.wav ] || fail "a file without its recipe"
}
