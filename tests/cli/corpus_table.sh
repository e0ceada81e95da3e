# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# corpus_table.sh - the table of docs/CORPORA.md: every example runs on a sample of its layout

# Copies the samples and creates the audio that they name: WAV files under any extension.
make_samples() {
    cp -R "$PATINA_ROOT/tests/data/corpora/." .
    chmod -R u+w .
    py <<'E'
for root, _, names in os.walk("."):
    if "audio.list" not in names:
        continue
    with open(root + "/audio.list", encoding="utf-8") as names:
        for i, name in enumerate(names.read().splitlines()):
            os.makedirs(os.path.dirname(f"{root}/{name}") or ".", exist_ok=True)
            write_wav(f"{root}/{name}", tone(24000 + i), rate=48000)
import tarfile
os.makedirs("tars")
for i in range(2):
    with tarfile.open(f"tars/{i}.tar", "w") as tar:
        for name, content in ("s.json", json.dumps({"text": f"tar {i}"}).encode()), ("s.flac", None):
            path = "folder/a.wav"
            if content is not None:
                path = "member"
                with open(path, "wb") as out:
                    out.write(content)
            tar.add(path, arcname=name)
with open("tars/expected.txt", "w") as out:
    out.write("tar 0\ntar 1\n")
shutil.copytree(os.environ["PATINA_ROOT"] + "/tests/data/published/hub_splits/data", "hub")
E
    : >hub/expected.txt # captions are those of the file
}

test_every_example() {
    make_samples
    PATINA_ROOT=$PATINA_ROOT py <<'E'
import shlex
commands = []
with open(os.environ["PATINA_ROOT"] + "/docs/CORPORA.md", encoding="utf-8") as file:
    for line in file:
        cells = [c.strip() for c in line.strip().strip("|").split(" | ")]
        if len(cells) >= 3 and cells[2].startswith("`patina generate "):
            commands.append((cells[0], cells[1].strip("`"), shlex.split(cells[2].strip("`"))[2:]))
assert len(commands) > 30, commands
for number, (corpus, kind, arguments) in enumerate(commands):
    out = f"set-{number}"
    run = subprocess.run([PATINA, "generate", *arguments, "--model", MINI, "--out", out, "--format", "jsonl"],
                         capture_output=True, text=True)
    assert run.returncode == 0, (corpus, run.stderr)
    assert f"({kind})" in run.stderr, (corpus, kind, run.stderr)
    assert read_rejects(out) == [], (corpus, read_rejects(out))
    captions = [p["caption"] for p in read_provenance(out)]
    folder = arguments[1].split("/")[0]
    with open(folder + "/expected.txt", encoding="utf-8") as file:
        expected = file.read().splitlines()
    assert captions == expected or (not expected and captions), (corpus, captions)
E
}

# Each kind is in the table.
test_every_kind_is_documented() {
    run generate --list-kinds
    assert_status 0
    while read -r kind _; do
        grep -q -F "| \`$kind\` |" "$PATINA_ROOT/docs/CORPORA.md" || fail "docs/CORPORA.md has no line of kind '$kind'"
    done <"$WORK/stdout"
}

# Segments of one recording are entries of their own; a list may have paths of another machine, and an
# error names the columns there are.
test_segments_and_hints() {
    py <<'E'
write_wav("P01_01.wav", tone(14 * 8000, rate=8000), rate=8000)
with open("segments.csv", "w") as out:
    out.write("video_id,start_timestamp,stop_timestamp,description\nP01_01,00:00:02.5,00:00:05.25,paper\n"
              "P01_01,00:00:08,00:00:09.5,water\n")
with open("list.json", "w") as out:
    json.dump({"data": [{"wav": "/data/elsewhere/P01_01.wav", "labels": ["rain", "wind"]}]}, out)
E
    generate --corpus segments.csv --file-column video_id --caption-column description \
        --start-column start_timestamp --end-column stop_timestamp --out segments --format jsonl
    generate --corpus list.json --caption-template 'the sound of {label} in {stem}' --out list --format jsonl
    py <<'E'
assert [(p["entry"], p["caption"], p["window"]["start"], p["window"]["frames"]) for p in read_provenance("segments")] == [
    ("P01_01_00:00:02.5_00:00:05.25", "paper", 20000, 22000), ("P01_01_00:00:08_00:00:09.5", "water", 64000, 12000)]
assert [p["caption"] for p in read_provenance("list")] == ["the sound of rain and wind in P01 01"]
E
    sed -i 's/"labels"/"words"/' list.json
    run generate --corpus list.json --model "$MINI" --out no
    assert_status 1
    assert_stderr "its columns are 'wav', 'words'; select the column of the captions with '--caption-column'"
}
