# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# kills.sh - SIGKILL at random moments: nothing under a final name is partial, the same command continues from the
# journal, and the finished set has the same bytes. PATINA_KILLS is the number of kills of all tests.

# The draws are seeded; what a kill interrupts depends on the machine, so its share is asserted.
kills() {
    py "$1" <<'E'
scenario = sys.argv[1]
slow = is_sanitizer_build()
rounds = math.ceil(int(os.environ.get("PATINA_KILLS", "5" if slow else "20")) / 5)
draw = random.Random("kills " + scenario)
TEXT = ["--split", "train=0.7,test=0.3", "--variants", "2", "--quiet"]
BASE = [PATINA, "generate", "--corpus", "manifest.jsonl", "--model", MINI, *TEXT,
        "--chunk", "7" if slow else "12"]
write_demo_manifest("manifest.jsonl", 12 if slow else 28)
n_killed = n_at_work = n_saved = n_sets = 0

def files(folder):
    return {path: content[0] for path, content in hash_tree(folder).items()}

def start(args):
    return subprocess.Popen(args, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

def run(args):
    subprocess.run(args, check=True, stdout=subprocess.DEVNULL)

def journals(out):
    """Bytes of journals behind their headers."""
    work = out + "/.patina"
    names = [name for name in (os.listdir(work) if os.path.isdir(work) else []) if name.endswith(".journal")]
    return sum(max(0, os.path.getsize(f"{work}/{name}") - 80) for name in names)

def check(out):
    """Nothing that has its final name is partial."""
    for path in hash_tree(out) if os.path.isdir(out) else []:
        if path.endswith((".tmp", ".journal")) or ".tmp/" in path:
            continue
        with open(f"{out}/{path}", "rb") as file:
            data = file.read()
        if path.endswith(".parquet"):
            assert data[:4] == data[-4:] == b"PAR1", path
        elif path.endswith(".json"):
            json.loads(data)
        elif path.endswith(".jsonl"):
            [json.loads(line) for line in data.splitlines()]
            assert not data or data.endswith(b"\n"), path

def kill(commands, out, work_s):
    """Runs commands at the same time and kills them; whether all ended with status 0 before. One kill
    in four comes at any time after the start, the others while the commands work on their folder."""
    global n_killed, n_at_work, n_saved
    before = journals(out)
    processes = [start(command) for command in commands]
    if draw.random() < 0.75:
        while not os.path.exists(out + "/.patina/plan.json") and processes[0].poll() is None:
            time.sleep(0.002)
    time.sleep(draw.uniform(0.02, 1) * work_s)
    for process in processes:
        process.kill()
    codes = [process.wait() for process in processes]
    assert all(code in (0, -signal.SIGKILL) for code in codes), codes
    n_killed += sum(code != 0 for code in codes)
    n_at_work += any(codes) and os.path.exists(out + "/.patina/plan.json")
    n_saved += any(codes) and journals(out) > before
    check(out)
    return not any(codes)

def expect(out, expected):
    global n_sets
    n_sets += 1
    assert files(out) == expected, (sorted(files(out)), sorted(expected))
    shutil.rmtree(out)

def timed(args):
    began = time.monotonic()
    run(args)
    return time.monotonic() - began

def threads():
    return ["--threads", str(draw.randint(1, 3))]

def kill_single():
    audio = ["--keep-audio", "kept", "--keep-every", "3"]
    work_s = timed(BASE + ["--out", "whole", *audio])
    expected, heard = files("whole"), files("kept")
    shutil.rmtree("kept")
    while n_killed < rounds:
        if kill([BASE + ["--out", "set", *audio, *threads()]], "set", work_s):
            assert files("kept") == heard
            expect("set", expected)
            shutil.rmtree("kept")
    run(BASE + ["--out", "set", *audio])
    assert files("kept") == heard
    expect("set", expected)

def kill_shards():
    base = BASE + ["--format", "jsonl"]
    work_s = timed(base + ["--out", "whole"])
    expected = files("whole")
    while n_killed < rounds:
        shards = [base + ["--out", "set", "--shard", f"{i}/3", *threads()] for i in range(3)]
        if kill(shards, "set", work_s):
            run([PATINA, "finish", "set"])
            expect("set", expected)
    for i in range(4):  # with another division
        run(base + ["--out", "set", "--shard", f"{i}/4"])
    run([PATINA, "finish", "set"])
    expect("set", expected)

def kill_finish():
    run(BASE + ["--out", "chunks", "--shard", "0/1"])
    shutil.copytree("chunks", "whole")
    work_s = timed([PATINA, "finish", "whole"])
    expected = files("whole")
    shutil.copytree("chunks", "set")
    for _ in range(100 * rounds):
        if n_killed >= rounds:
            break
        if kill([[PATINA, "finish", "set"]], "set", 0.8 * work_s):
            expect("set", expected)
            shutil.copytree("chunks", "set")
    run([PATINA, "finish", "set"])
    expect("set", expected)

def kill_retry():
    run(BASE + ["--out", "first"])
    absent = [item["audio"] for item in read_jsonl("manifest.jsonl") if item["audio"].startswith("absent")]
    for name in absent:
        shutil.copy(DEMO + "/clips/perc_bell.wav", name)
    work_s = timed(BASE + ["--out", "whole"])
    expected = files("whole")
    shutil.copytree("first", "set")
    while n_killed < rounds:
        if kill([BASE + ["--out", "set", "--retry", "rejects", *threads()]], "set", work_s):
            expect("set", expected)
            shutil.copytree("first", "set")
    run(BASE + ["--out", "set", "--retry", "rejects"])
    expect("set", expected)

def kill_resume_from():
    work_s = timed(BASE + ["--out", "whole"])
    expected = files("whole")
    earlier = []
    n = 0
    while n_killed < rounds:
        if kill([BASE + ["--out", "set", *earlier, *threads()]], "set", work_s):
            expect("set", expected)
            earlier = []
        elif os.path.exists("set/.patina/plan.json") and draw.random() < 0.7:  # the next host
            n += 1
            os.rename("set", f"session-{n}")
            earlier = ["--resume-from", f"session-{n}"]
    run(BASE + ["--out", "set", *earlier])
    expect("set", expected)

globals()["kill_" + scenario]()
print(f"{scenario}: {n_killed} kills, {n_at_work} of runs at work, {n_saved} left more in a journal, "
      f"{n_sets} sets compared")
if scenario == "finish":
    assert n_killed >= rounds, n_killed
elif rounds >= 4:
    assert n_at_work >= 1 and n_saved >= 1, (n_at_work, n_saved)
if rounds >= 20:
    assert n_at_work >= n_killed / 10 and (scenario == "finish" or n_saved >= n_killed / 20)
E
}

test_single() { kills single; }
test_shards() { kills shards; }
test_finish() { kills finish; }
test_retry() { kills retry; }
test_resume_from() { kills resume_from; }
