# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# keep_audio.sh - audio written by --keep-audio

# The files are those of every second entry and agree with provenance; the data set is unchanged.
test_keep_audio() {
    py <<'E'
clips = ["perc_bell.wav", "misc_burp.flac", "ambi_choir.flac", "loop_tabla.flac"]
write_jsonl("manifest.jsonl", [{"id": f"a/ü {i}", "audio": f"{DEMO}/clips/{clips[i]}",
                                "caption": "x"} for i in range(4)])
E
    local set=(--corpus manifest.jsonl --variants 2 --format jsonl --chunk 2)
    generate "${set[@]}" --out plain
    generate "${set[@]}" --out set --keep-audio heard --keep-every 2
    assert_same_dirs plain set
    py <<'E'
names = sorted(os.listdir("heard"))
assert names == sorted(f"a%2F%C3%BC%20{i}.{kind}.flac" for i in (0, 2)
                       for kind in ("clean", "v0", "v1")), names
for path in parts("set", "provenance"):
    for number, line in enumerate(open(path, "rb").read().splitlines()):
        row = json.loads(line)
        if row["entry"][-1] not in "02":
            continue
        stem = "heard/" + row["entry"].replace("/", "%2F").replace("ü", "%C3%BC").replace(" ", "%20")
        # quantisation to 16 bits changes the loudness by less than 0.02 LU
        assert_near(measure(stem + ".clean.flac")[0]["lufs_mono"], row["lufs_mono"], 0.02, "clean")
        with open("recipe.json", "wb") as out:
            out.write(line)
        patina("degrade", DEMO + "/clips/" + row["source"], "again.wav", "--recipe", "recipe.json")
        assert_near(measure(f"{stem}.v{row['variant']}.flac")[0]["lufs_mono"],
             measure("again.wav")[0]["lufs_mono"], 0.02, "degraded")
E
}

test_refused() {
    echo precious >file
    run generate --model "$MINI" --corpus "$DEMO/manifest.jsonl" --out set --keep-audio file --quiet
    assert_failure 1
    assert_stderr "'file'"
    [ "$(cat file)" = precious ] || fail "the file was touched"
}
