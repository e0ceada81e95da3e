# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# overwrite.sh - generate --overwrite replaces a data set, and nothing else

RUN=(--corpus "$DEMO/manifest.jsonl" --limit 3)

# A finished and an unfinished data set, of the same and of other settings.
test_replaces_a_data_set() {
    generate "${RUN[@]}" --seed 2 --out expected
    generate "${RUN[@]}" --out set
    run generate --model "$MINI" "${RUN[@]}" --seed 2 --out set
    assert_failure 2
    generate "${RUN[@]}" --seed 2 --out set --overwrite
    assert_same_dirs expected set
    rm -r set
    generate "${RUN[@]}" --chunk 1 --shard 0/2 --out set
    [ -d set/.patina ] || fail "the shard is finished"
    generate "${RUN[@]}" --seed 2 --out set --overwrite
    assert_same_dirs expected set
    generate "${RUN[@]}" --seed 2 --out new --overwrite
    assert_same_dirs expected new
}

# Other files are never removed, and nothing is removed after an error in the options or inputs.
test_keeps_everything_else() {
    generate "${RUN[@]}" --out set
    cp -r set before
    run generate --model "$MINI" --corpus absent.jsonl --out set --overwrite
    assert_failure 1
    assert_same_dirs before set
    run generate --model absent "${RUN[@]}" --out set --overwrite
    assert_failure 1
    assert_same_dirs before set
    echo precious | tee before/notes.txt >set/notes.txt
    run generate --model "$MINI" "${RUN[@]}" --seed 2 --out set --overwrite
    assert_status 2
    assert_stderr "'notes.txt' is not part of the data set"
    assert_same_dirs before set
    mkdir other
    echo precious >other/notes.txt
    run generate --model "$MINI" "${RUN[@]}" --out other --overwrite
    assert_status 2
    [ "$(cat other/notes.txt)" = precious ] || fail "a foreign file was changed"
    [ "$(find other -mindepth 1 | wc -l)" -eq 1 ] || fail "something was added"
    run generate --model "$MINI" "${RUN[@]}" --out set --overwrite --shard 0/2
    assert_failure 2
    assert_stderr "options '--overwrite' and '--shard' exclude each other"
    run generate --model "$MINI" "${RUN[@]}" --out set --overwrite --retry rejects
    assert_failure 2
}

# Nor is it removed by a run that ends before it writes an entry; a run that writes one replaces it.
test_keeps_the_old_set_until_an_entry_is_written() {
    generate "${RUN[@]}" --out set
    cp -r set before
    py <<'E'
for name in "a", "b", "c":
    write_wav(f"{name}.wav", [0.0] * 48000)
write_jsonl("silent.jsonl", [{"audio": f"{name}.wav", "caption": "x"} for name in ("a", "b", "c")])
E
    run generate --quiet --model "$MINI" --corpus silent.jsonl --out set --overwrite
    assert_failure 1
    assert_stderr "all entries (3) are rejected as silent"
    assert_same_dirs before set
    run generate --quiet --model "$MINI" "${RUN[@]}" --seed 2 --keep-audio a.wav/kept --out set/ --overwrite
    assert_failure 1
    assert_same_dirs before set
    rm -r set before # an unfinished set is kept as well
    generate "${RUN[@]}" --chunk 1 --shard 0/2 --out set
    cp -r set before
    run generate --quiet --model "$MINI" --corpus silent.jsonl --out set --overwrite
    assert_failure 1
    assert_same_dirs before set
    run generate --model "$MINI" --corpus silent.jsonl --out set --overwrite --keep-going
    [ "$(wc -l <set/rejects.jsonl)" -eq 3 ] || fail "the old set was kept"
    [ "$(find set -name '.patina*' | wc -l)" -eq 0 ] || fail "a work folder is left"
}

# On a terminal the user is asked; every answer but y keeps the data set.
test_asks_on_a_terminal() {
    generate "${RUN[@]}" --out set
    cp -r set before
    generate "${RUN[@]}" --seed 2 --out expected
    py <<'E'
import pty

def answer(text):
    child, terminal = pty.fork()
    if child == 0:
        os.execv(PATINA, [PATINA, "generate", "--corpus", DEMO + "/manifest.jsonl", "--limit", "3",
                          "--model", MINI, "--seed", "2", "--out", "set", "--overwrite"])
    said = b""
    try:
        while block := os.read(terminal, 65536):
            said += block
            if text and said.endswith(b"[y/N] "):
                os.write(terminal, text)
                text = None
    except OSError:  # the program has ended
        pass
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said

for text in b"n\n", b"\n", b"\4":
    status, said = answer(text)
    assert status == 1, said
    assert b"finished data set 'set': overwrite it?" in said and b"not overwritten" in said, said
    assert hash_tree("set").keys() == hash_tree("before").keys(), said
    assert all(hash_tree("set")[k][0] == v[0] for k, v in hash_tree("before").items()), said
status, said = answer(b"y\n")
assert status == 0, said
E
    assert_same_dirs expected set
}
