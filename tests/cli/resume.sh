# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# resume.sh - shards, interruption and resuming give the same bytes as one uninterrupted run

make_corpus() {
    py "$1" <<'E'
write_demo_manifest("manifest.jsonl", int(sys.argv[1]))
E
}

# The amount of work is known from the plan: a starting shard opens no complete chunk.
test_start_reads_no_chunk() {
    make_corpus 12
    local set=(--corpus manifest.jsonl --chunk 2 --variants 2 --out set --threads 1)
    generate "${set[@]}" --shard 0/2
    py <<'E'
def to_come():
    with open("stderr", encoding="utf-8") as said:
        words = said.read().split("up to ", 1)[1].split()
    assert words[1].startswith("row"), words
    return int(words[0])

before, held = to_come(), 0
for name in os.listdir("set/.patina"):
    if not name.isdigit():
        continue
    with open(f"set/.patina/{name}/chunk.json") as file:
        chunk = json.load(file)
    held += sum(chunk["rows"]) + 2 * sum(chunk["rejects"].values())
    shutil.rmtree(f"set/.patina/{name}")
    os.mkdir(f"set/.patina/{name}")  # nothing in it that could be read
assert 0 < held < before, (held, before)
with open("expected", "w") as out:
    out.write(str(before - held))
E
    generate "${set[@]}" --shard 1/2
    assert_stderr "up to $(cat expected) rows left to generate, about"
    assert_stderr " kB"
}

# Any number of shards, in any order, one of them made twice.
test_shards() {
    make_corpus 16
    local set=(--corpus manifest.jsonl --chunk 3 --variants 2 --seed 5)
    generate "${set[@]}" --out whole
    for n in 1 3 9; do
        for i in $(seq $((n - 1)) -1 0) 0; do
            generate "${set[@]}" --out "of-$n" --shard "$i/$n" --threads $((1 + i % 3))
            assert_stdout "of this shard"
        done
        run finish "of-$n"
        assert_status 0
        assert_same_dirs whole "of-$n"
        run finish "of-$n"
        assert_status 0
    done
}

# All shards at the same time in one folder.
test_shards_at_once() {
    make_corpus 12
    local set=(--corpus manifest.jsonl --chunk 1 --seed 5) pids=() i
    generate "${set[@]}" --out whole
    for i in 0 1 2 3 4; do
        "$PATINA" generate --model "$MINI" "${set[@]}" --out set --shard "$i/5" --threads 1 --quiet \
            2>>said &
        pids+=($!)
    done
    for i in "${pids[@]}"; do
        wait "$i" || fail "a shard failed: $(cat said)"
    done
    run finish set
    assert_status 0
    assert_same_dirs whole set
}

# Without all chunks there is no data set, and missing chunks are reported.
test_finish_names_what_is_missing() {
    make_corpus 6
    generate --corpus manifest.jsonl --chunk 2 --out set --shard 1/2
    run finish set
    assert_failure 1
    assert_stderr "missing"
    generate --corpus manifest.jsonl --chunk 2 --out set
    assert_stdout "7 entries"
}

# More shards than chunks: a shard without chunks succeeds.
test_shard_without_work() {
    make_corpus 2
    generate --corpus manifest.jsonl --out set --shard 7/9
    assert_stdout "0 rows of 0 entries"
}

test_bad_shards() {
    make_corpus 2
    for shard in 1 1/ /2 2/2 3/2 -1/2 1/0 a/b 1/2/3; do
        run generate --model "$MINI" --corpus manifest.jsonl --out set "--shard=$shard"
        assert_failure 2
        assert_stderr "--shard"
    done
    [ ! -e set ] || fail "a folder was created"
}

# A run with another setting, corpus or instruction set cannot resume.
test_mismatch() {
    make_corpus 6
    local set=(--corpus manifest.jsonl --chunk 2 --out set --quiet)
    generate "${set[@]}" --shard 0/2
    run generate --model "$MINI" "${set[@]}" --shard 1/2 --seed 8
    assert_failure 2
    assert_stderr "'seed'"
    run generate --model "$MINI" "${set[@]}" --shard 1/2 --split a=0.5,b=0.5
    assert_failure 2
    assert_stderr "'split'"
    echo '{"id": "one more", "audio": "x.wav", "caption": "y"}' >>manifest.jsonl
    run generate --model "$MINI" "${set[@]}" --shard 1/2
    assert_failure 2
    assert_stderr "corpus"
    make_corpus 6
    run generate --model "$MINI" "${set[@]}" --shard 1/2 --isa c
    if [ "$STATUS" -ne 0 ]; then # on a machine that has nothing but plain C it is the same
        assert_failure 2
        assert_stderr "--isa"
    fi
    generate "${set[@]}"
}

# A run that is stopped in its only chunk continues from the journal, also with a torn tail, from a read-only
# copy in another folder, and never with another format or seed.
test_journal() {
    py <<'E'
write_demo_manifest("manifest.jsonl", 14)
base = [PATINA, "generate", "--corpus", "manifest.jsonl", "--model", MINI, "--variants", "6",
        "--split", "a=0.7,b=0.3", "--threads", "1"]
JOURNAL = ".patina/00000000.journal"

def stop(out, options, number):
    """Stops a run when its journal has rows; the bytes of the journal."""
    run = subprocess.Popen(base + options + ["--out", out], stdout=subprocess.DEVNULL,
                           stderr=subprocess.PIPE, text=True)
    while not os.path.exists(f"{out}/{JOURNAL}") or os.path.getsize(f"{out}/{JOURNAL}") < 60000:
        assert run.poll() is None, run.stderr.read()
        time.sleep(0.005)
    run.send_signal(number)
    said = run.communicate()[1]
    assert run.returncode == (75 if number != signal.SIGKILL else -9), (run.returncode, said)
    assert not os.path.exists(out + "/data")
    return os.path.getsize(f"{out}/{JOURNAL}")

def go_on(out, options, kept):
    done = subprocess.run(base + options + ["--out", out], capture_output=True, text=True)
    assert done.returncode == 0, done
    assert ("of unfinished chunks" in done.stderr) == kept, done.stderr
    assert {k: v[0] for k, v in hash_tree(out).items()} == whole[tuple(options[:2])], options
    shutil.rmtree(out)

whole = {}
for options in ["--format", "parquet"], ["--format", "jsonl"]:
    subprocess.run(base + options + ["--out", "whole"], check=True, capture_output=True)
    whole[tuple(options)] = {k: v[0] for k, v in hash_tree("whole").items()}
    shutil.rmtree("whole")
    stop("set", options, signal.SIGTERM)
    go_on("set", options, True)

    size = stop("set", options, signal.SIGKILL)
    with open("set/" + JOURNAL, "ab") as file:
        file.write(os.urandom(5000))
    go_on("set", options, True)
    size = stop("set", options, signal.SIGINT)
    os.truncate("set/" + JOURNAL, size - 1)
    go_on("set", options, True)
    stop("set", options, signal.SIGINT)
    os.truncate("set/" + JOURNAL, 100)
    go_on("set", options, False)

    stop("old", options, signal.SIGINT)
    before = hash_tree("old")
    subprocess.run(["chmod", "-R", "a-w", "old"], check=True)
    go_on("set", options + ["--resume-from", "old"], True)
    assert hash_tree("old") == before
    subprocess.run(["chmod", "-R", "u+w", "old"], check=True)
    other = options + ["--seed", "9"]
    stop("set", other, signal.SIGINT)
    shutil.copy("old/" + JOURNAL, "set/" + JOURNAL)
    done = subprocess.run(base + other + ["--out", "set"], capture_output=True, text=True)
    assert done.returncode == 0 and "of unfinished chunks" not in done.stderr, done
    shutil.rmtree("set")
    shutil.rmtree("old")
E
}

# Captions, ids or named seconds that were edited between two sessions: nothing of the new corpus is mixed
# with the chunks and the journal of the old one, in the same folder, in a shard with another copy, and
# with --resume-from.
test_edited_corpus() {
    py <<'E'
lines = [[f"clip {i}", DEMO + "/clips/ambi_piano.mp3", f"number {i}", str(i)] for i in range(300)]

def write(name, lines):
    with open(name, "w") as out:
        out.writelines(",".join(line) + "\n" for line in [["id", "file", "caption", "start"], *lines])

write("manifest.csv", lines)
for name, column, value in ("caption", 2, "edited"), ("id", 0, "edited"), ("start", 3, "2"):
    edited = [list(line) for line in lines]
    edited[1][column] = value
    write(name + ".csv", edited)

base = ["--id-column", "id", "--file-column", "file", "--start-column", "start", "--model", MINI,
        "--chunk", "200", "--threads", "1", "--quiet"]
run = subprocess.Popen([PATINA, "generate", "--corpus", "manifest.csv", *base, "--out", "set"])
while not any(name.endswith(".journal") for name in
              (os.listdir("set/.patina") if os.path.isdir("set/.patina") else [])):
    assert run.poll() is None
    time.sleep(0.02)
run.kill()
run.wait()
before = hash_tree("set")
for name in "caption", "id", "start":
    for where in (["--out", "set"], ["--out", "set", "--shard", "1/2"],
                  ["--out", "other", "--resume-from", "set"]):
        done = subprocess.run([PATINA, "generate", "--corpus", name + ".csv", *base, *where],
                              capture_output=True, text=True)
        assert done.returncode == 2 and "another corpus" in done.stderr, (name, where, done)
        assert hash_tree("set") == before, (name, where)
E
}

# --resume-from continues from a read-only copy of earlier output.
test_resume_from() {
    make_corpus 10
    local set=(--corpus manifest.jsonl --chunk 2 --variants 2)
    generate "${set[@]}" --out whole
    generate "${set[@]}" --out first --shard 1/3
    chmod -R a-w first
    py <<'E'
with open("before", "w") as out:
    json.dump(hash_tree("first"), out)
E
    generate "${set[@]}" --out second --resume-from first
    assert_stderr "chunks are already complete"
    assert_same_dirs whole second
    py <<'E'
with open("before") as file:
    assert {k: tuple(v) for k, v in json.load(file).items()} == hash_tree("first")
E
    generate "${set[@]}" --out third --resume-from whole # a finished one too
    assert_same_dirs whole third
    run generate --model "$MINI" "${set[@]}" --quiet --seed 9 --out fourth --resume-from first
    assert_failure 2
    assert_stderr "'seed'"
    run generate --model "$MINI" "${set[@]}" --out fifth --resume-from nowhere
    [ "$STATUS" -ne 0 ] || fail "a missing folder was accepted"
    assert_stderr nowhere
}

# --retry after missing files were added gives the data set of a run that had them.
test_retry_rejects() {
    make_corpus 10
    local set=(--corpus manifest.jsonl --chunk 3)
    generate "${set[@]}" --out finished
    generate "${set[@]}" --out unfinished --shard 0/2
    cp "$DEMO/clips/perc_bell.wav" absent-3.wav
    generate "${set[@]}" --out whole
    generate "${set[@]}" --out finished
    assert_stdout "already contains this run, complete" # without --retry it stays as it is
    generate "${set[@]}" --out finished --retry rejects
    assert_same_dirs whole finished
    generate "${set[@]}" --out unfinished --retry rejects
    assert_same_dirs whole unfinished
    generate "${set[@]}" --out whole --retry rejects # nothing to gain, and nothing changes
    assert_same_dirs finished whole
    run verify whole
    assert_status 0
}

# A time limit ends the run with status 75, and every run continues from the journal of the previous one.
test_time_limit() {
    py <<'E'
slow = is_sanitizer_build()
write_jsonl("manifest.jsonl", [{"id": str(i), "audio": DEMO + "/clips/perc_bell.wav",
                                "caption": "a bell"} for i in range(10 if slow else 60)])
base = [PATINA, "generate", "--corpus", "manifest.jsonl", "--model", MINI, "--chunk", "1000",
        "--variants", "1" if slow else "12", "--threads", "1"]
began = time.monotonic()
subprocess.run(base + ["--out", "whole"], check=True, stdout=subprocess.DEVNULL,
               stderr=subprocess.DEVNULL)
# long enough for some entries of the only chunk, also on a busy machine, and too short for all
limit = f"{math.ceil((time.monotonic() - began) / (3 if slow else 6))}s"
statuses, sizes = [], []
for _ in range(400):
    began = time.monotonic()
    run = subprocess.run(base + ["--out", "set", "--time-limit", limit], capture_output=True)
    took = time.monotonic() - began
    statuses.append(run.returncode)
    if run.returncode == 0:
        break
    assert run.returncode == 75, run
    assert took < (90 if slow else int(limit[:-1]) + 10), took
    assert b"time limit" in run.stderr, run.stderr
    # on a busy machine the first run may end before its first entry
    journal = "set/.patina/00000000.journal"
    sizes.append(os.path.getsize(journal) if os.path.exists(journal) else 0)
assert statuses[-1] == 0, statuses
assert sizes == sorted(sizes) and sizes[-1] > 0, sizes
whole, made = hash_tree("whole"), hash_tree("set")
assert {k: v[0] for k, v in whole.items()} == {k: v[0] for k, v in made.items()}
E
}

test_bad_times() {
    make_corpus 2
    for time in 0 5x h 1h2h 5m1h -3 "" 1e3 99999999999999999999; do
        run generate --model "$MINI" --corpus manifest.jsonl --out set "--time-limit=$time"
        assert_failure 2
        assert_stderr "--time-limit"
    done
}

# SIGTERM: the open chunk has its journal, the folder is valid, the status is 75.
test_terminated() {
    py <<'E'
write_jsonl("manifest.jsonl", [{"id": str(i), "audio": DEMO + "/clips/perc_bell.wav",
                                "caption": "a bell"} for i in range(3000)])
args = [PATINA, "generate", "--corpus", "manifest.jsonl", "--model", MINI, "--chunk", "4", "--out"]
run = subprocess.Popen(args + ["set"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
for _ in range(600):
    if os.path.isdir("set/.patina/00000001"):
        break
    time.sleep(0.1)
run.terminate()
began = time.monotonic()
_, said = run.communicate(timeout=60)
assert time.monotonic() - began < (60 if is_sanitizer_build() else 10)
assert run.returncode == 75, (run.returncode, said)
assert b"run the same command again to continue" in said, said
assert not [d for d in os.listdir("set/.patina") if d.endswith(".tmp")], os.listdir("set/.patina")
assert len([d for d in os.listdir("set/.patina") if d.isdigit()]) >= 2
E
}

# A million entries: every shard reads the list in bounded memory, and opens as many files when half of
# the chunks exist as when none do. Runs with PATINA_FULL_TESTS (120 MB, one minute).
test_a_million_entries() {
    [ -n "${PATINA_FULL_TESTS:-}" ] || skip "writes 120 MB: set PATINA_FULL_TESTS to run it"
    py <<'E'
TRACE = shutil.which("strace")
with open("manifest.jsonl", "w") as out:
    for i in range(1000000):
        out.write('{"id": "clip %d", "audio": "clips/%d.wav", "caption": "the sound of number %d"}\n'
                  % (i, i, i))

def shard(i, n, before=[]):
    """Seconds and peak kB of one shard."""
    began = time.monotonic()
    child = subprocess.Popen(before + [PATINA, "generate", "--corpus", "manifest.jsonl", "--model", MINI,
                              "--out", "set", "--chunk", "1000", "--shard", f"{i}/{n}", "--quiet",
                              "--keep-going"],
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0, said
    return time.monotonic() - began, usage.ru_maxrss

def n_calls(i):
    """System calls with a file name, of a shard of one chunk. A call that is interrupted by one of
    another thread has two lines."""
    shard(i, 1000, [TRACE, "-f", "--seccomp-bpf", "-e", "trace=%file", "-o", "calls"])
    with open("calls") as lines:
        return sum(" resumed>" not in line for line in lines)

first = shard(0, 1000)          # nothing is there
calls = [n_calls(4)] if TRACE else []
shard(1, 2)                     # half of it: 500,000 rejects
second = shard(2, 1000)
calls += [n_calls(6)] if TRACE else []
done = len([d for d in os.listdir("set/.patina") if d.isdigit()])
assert done == 502 + len(calls), done
print(f"calls that name a file: {calls}")
assert not calls or calls[1] <= calls[0], calls
print(f"first shard {first[0]:.1f} s and {first[1] // 1024} MB, "
      f"with half of the set there {second[0]:.1f} s and {second[1] // 1024} MB")
assert max(first[1], second[1]) < 200 * 1024, (first, second)
E
}
