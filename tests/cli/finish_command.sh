# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# finish_command.sh - chunks become a data set, or the missing ones are reported

# A run is killed. finish reports the missing chunks and changes nothing; the same command continues to
# the same bytes as an uninterrupted run.
test_resumes_after_kill_before_finish() {
    py <<'E'
n = 6 if is_sanitizer_build() else 40
write_jsonl("manifest.jsonl", [{"id": str(i), "audio": DEMO + "/clips/perc_bell.wav",
                                "caption": "a bell"} if i % 5 else
                               {"id": str(i), "audio": "absent.wav", "caption": "nothing"}
                               for i in range(n)])
args = ["generate", "--corpus", "manifest.jsonl", "--model", MINI, "--variants", "2", "--chunk", "1"]
patina(*args, "--out", "whole")
run = subprocess.Popen([PATINA, *args, "--out", "set"], stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
while run.poll() is None and not os.path.isdir("set/.patina/00000001"):
    time.sleep(0.01)
run.kill()
run.wait()
assert not os.path.exists("set/dataset.json"), "it was too fast to be killed"
there = [name for name in os.listdir("set/.patina") if name.isdigit()]
assert 0 < len(there) < n
before = hash_tree("set")

def fails(command, *words):
    done = subprocess.run([PATINA, command, "set"], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    said = done.stderr.decode()
    assert done.returncode == 1 and "Sanitizer" not in said, (done.returncode, said)
    for word in words:
        assert word in said, (word, said)
    return done.stdout.decode()

assert fails("finish", f"of {n} are missing; run generate again") == ""
assert "no faults" in fails("verify", "'set' is unfinished",
                                        f"{len(there)} of {n} chunks are complete",
                                        "run 'patina generate'")
assert hash_tree("set") == before

patina(*args, "--out", "set")
whole, again = hash_tree("whole"), hash_tree("set")
assert {k: v[0] for k, v in whole.items()} == {k: v[0] for k, v in again.items()}
assert "set is already finished" in patina("finish", "set")
assert patina("finish", "--quiet", "set") == ""
assert hash_tree("set") == again
patina("verify", "set")
E
}

test_incomplete_run() {
    mkdir empty foreign old
    echo precious >foreign/notes.txt
    mkdir old/.patina
    echo '{}' >old/.patina/run.json
    echo precious >file
    for out in absent empty foreign old file; do
        run finish $out
        [ "$STATUS" -eq 1 ] || [ "$STATUS" -eq 2 ] || fail "status $STATUS"
        assert_failure "$STATUS"
        assert_stderr "$out"
    done
    run finish old
    assert_stderr "an older patina"
    run finish
    assert_failure 2
    run finish a b
    assert_failure 2
    [ "$(cat foreign/notes.txt file)" = "precious
precious" ] || fail "a file was changed"
    [ ! -e absent ] || fail "something was created"
    [ -z "$(ls -A empty)" ] || fail "something was created"
}

test_no_rows() {
    echo '{"audio": "absent.wav", "caption": "nothing"}' >manifest.jsonl
    run generate --model "$MINI" --corpus manifest.jsonl --out set --keep-going
    assert_status 1
    run finish set
    assert_status 1
    assert_stdout "0 rows of 1 entry"
    assert_stdout "1 reject: 1 missing"
    assert_stderr "patina: the data set has no rows"
    run verify set
    assert_status 0
}
