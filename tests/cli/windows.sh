# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# windows.sh - windows of recordings of more than 10 s: --windows and --window

# Recordings of 60 s at 8 kHz with one sound of 5 s each.
make_events() {
    py <<'E'
os.makedirs("src")
for i in range(16):
    begin = (i * 31939) % (55 * 8000)
    x = [0.0] * begin + tone(5 * 8000, rate=8000)
    write_wav(f"src/{i:02}.wav", x + [0.0] * (60 * 8000 - len(x)), rate=8000)
    with open(f"src/{i:02}.txt", "w") as out:
        out.write(f"event {i}\na second caption\n")
E
}

# Windows equal those drawn from the stream WINDOW by the definition, computed here.
test_drawn_windows() {
    make_events
    generate --corpus src --out one --format jsonl --seed 3
    generate --corpus src --out three --format jsonl --seed 3 --windows 3 --variants 2
    py <<'E'
RATE, WINDOW_FRAMES, LENGTH = 8000, 80000, 480000
def has_sound(i, start):
    begin = (i * 31939) % (55 * RATE)
    return start < begin + 5 * RATE and start + WINDOW_FRAMES > begin
def expected_windows(i, n):
    draws = philox_uniforms(3, f"{i:02}.wav", 0, WINDOW, 8 * n)
    taken = {}
    for w in range(n):
        for r in range(8):
            start = math.floor(draws[8 * w + r] * (LENGTH - WINDOW_FRAMES + 1))
            if r < 7 and any(abs(start - other) < WINDOW_FRAMES / 2 for other in taken.values()):
                continue
            if has_sound(i, start):
                taken[w] = start
                break
    return taken
redrawn = 0
for out, n, variants in ("one", 1, 1), ("three", 3, 2):
    rows, expected, silent = [], [], set()
    for p in read_provenance(out):
        assert (p["window"]["frames"], p["window"]["rate_hz"]) == (WINDOW_FRAMES, RATE)
        rows.append((p["entry"], p.get("window_index", 0), p["caption_index"], p["variant"], p["window"]["start"]))
    for i in range(16):
        taken = expected_windows(i, n)
        first = philox_uniforms(3, f"{i:02}.wav", 0, WINDOW, 1)[0]
        redrawn += n == 1 and 0 in taken and not has_sound(i, math.floor(first * (LENGTH - WINDOW_FRAMES + 1)))
        if not taken:
            silent.add(f"{i:02}.wav")
        expected += [(f"{i:02}.wav", w, c, (w * 2 + c) * variants + k, start)
                     for w, start in taken.items() for c in range(2) for k in range(variants)]
    assert rows == expected, [x for x in zip(rows, expected) if x[0] != x[1]][:3]
    assert {(r["entry"], r["reason"]) for r in read_rejects(out)} == {(entry, "silent") for entry in silent}
assert redrawn > 4, redrawn
# the text half of a row is that of its caption
text = {p["caption"]: r["fused_state"][:512] for p, r in zip(read_provenance("one"), read_rows("one"))}
for p, r in zip(read_provenance("three"), read_rows("three")):
    if p["caption"] in text:
        assert r["fused_state"][:512] == text[p["caption"]], p
E
    # a format whose length is known at its end has the same windows
    [ -n "$(command -v ffmpeg)" ] || return 0
    mkdir au
    for i in 00 01 02 03; do
        ffmpeg -v error -i "src/$i.wav" "au/$i.au"
        mv "au/$i.au" "au/$i.wav"
        cp "src/$i.txt" au/
    done
    generate --corpus au --out au-set --format jsonl --seed 3 --windows 3 --variants 2
    py <<'E'
starts = {(p["entry"], p["variant"]): p["window"]["start"] for p in read_provenance("three")}
got = read_provenance("au-set")
assert got and all(starts[p["entry"], p["variant"]] == p["window"]["start"] for p in got)
E
}

test_first_and_loudest() {
    make_events
    generate --corpus src --out first --format jsonl --window first --windows 2
    generate --corpus src --out loudest --format jsonl --window loudest
    py <<'E'
RATE, FRAMES = 8000, 80000
def begin(i):
    return (i * 31939) % (55 * RATE)
def starts(out):
    found = {}
    for p in read_provenance(out):
        if p["caption_index"] == 0:
            found.setdefault(int(p["entry"][:2]), []).append(p["window"]["start"])
    return found
first, loudest = starts("first"), starts("loudest")
for i in range(16):
    with_sound = [s for s in range(0, 60 * RATE, FRAMES) if s < begin(i) + 5 * RATE and s + FRAMES > begin(i)]
    assert first[i] == with_sound[:2], (i, first.get(i), with_sound)
    (start,) = loudest[i]
    assert start % (RATE // 10) == 0
    assert start - RATE // 10 <= begin(i) and begin(i) + 5 * RATE <= start + FRAMES + RATE // 10, (i, start, begin(i))
assert read_rejects("first") == read_rejects("loudest") == []
with open("loudest/dataset.json", encoding="utf-8") as file:
    settings = json.load(file)["settings"]
assert settings["window"] == "loudest" and "windows" not in settings
E
}

# A clip of up to 10 s has one window, whatever the options; a silent one is rejected.
test_short_clips() {
    py <<'E'
os.makedirs("short")
write_wav("short/a.wav", tone(48000), rate=48000)
write_wav("short/silent.wav", [0.0] * 48000, rate=48000)
write_wav("short/ten.wav", tone(80000), rate=8000)
for name in "a", "silent", "ten":
    with open(f"short/{name}.txt", "w") as out:
        out.write(name)
E
    generate --corpus short --out plain --format jsonl
    for mode in random first loudest; do
        generate --corpus short --out "$mode" --format jsonl --windows 5 --window $mode
        cmp plain/data/*.jsonl "$mode"/data/*.jsonl
        cmp plain/provenance/*.jsonl "$mode"/provenance/*.jsonl
        cmp plain/rejects.jsonl "$mode/rejects.jsonl"
    done
}

# A row of a later window is reproduced from its line.
test_recipe() {
    make_events
    generate --corpus src --out set --format jsonl --seed 3 --windows 3 --keep-audio kept
    grep '"window_index": 2' set/provenance/*.jsonl | head -n 1 >recipe.json
    py <<'E'
with open("recipe.json") as file:
    recipe = json.load(file)
stem = f"kept/{recipe['entry']}"
assert os.path.exists(f"{stem}.w2.clean.flac") and os.path.exists(f"{stem}.v{recipe['variant']}.flac")
patina("degrade", f"src/{recipe['entry']}", "again.flac", "--recipe", "recipe.json")
E
}
