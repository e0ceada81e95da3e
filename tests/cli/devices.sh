# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# devices.sh - the encoders on OpenCL devices: messages, byte identity, resuming and failures of a
# driver. PoCL computes on the CPU. PATINA_FULL_TESTS=1 fails every call, not a sample.

# Two devices where PoCL is the driver. (PoCL 3.1 aborts with two devices of its kind "basic".)
export POCL_DEVICES="pthread pthread"

need_device() {
    "$PATINA" devices 2>&1 | grep -q "usable: all kernels" ||
        skip "no OpenCL device; on Debian and Ubuntu: apt-get install pocl-opencl-icd"
}

make_corpus() {
    py "$1" <<'E'
write_demo_manifest("manifest.jsonl", int(sys.argv[1]))
E
}

# on_device OUT DEVICE OPTION...: generate on devices
on_device() {
    local out=$1 device=$2
    shift 2
    generate --corpus manifest.jsonl --out "$out" --chunk 2 --device "$device" "$@"
}

# Without a library, a driver, a device or the precision: a sentence, and status 2.
test_absent() {
    make_corpus 2
    local status=0
    OPENCL_LIB=/nonexistent.so "$PATINA" devices 2>message && fail "no error"
    grep -q "OpenCL library '/nonexistent.so' cannot be loaded" message || fail "$(cat message)"
    readelf -d "$PATINA" | grep -q 'NEEDED.*libOpenCL' && fail "the program is linked with libOpenCL"
    need_device
    mkdir none
    OCL_ICD_VENDORS=$PWD/none "$PATINA" generate --corpus manifest.jsonl --model "$MINI" --out a \
        --device opencl 2>message || status=$?
    [ "$status" = 2 ] || fail "status $status"
    grep -q "nvidia.icd" message || fail "the message names no cure: $(cat message)"
    py <<'E'
from subprocess import run
def refused(words, *args, status=2):
    done = run([PATINA, "generate", "--corpus", "manifest.jsonl", "--model", MINI, "--out", "a", *args],
               capture_output=True, text=True)
    assert done.returncode == status and words in done.stderr, (done.returncode, done.stderr)
refused("number 9 does not exist", "--device", "opencl:9")
refused("number 0 is given twice", "--device", "opencl:0,0")
refused("expected 'cpu', 'opencl' or", "--device", "gpu")
refused("expected 'cpu', 'opencl' or", "--device", "opencl:")
refused("expected 'cpu', 'opencl' or", "--device", "opencl:0,")
refused("from 1 to 256", "--device", "opencl", "--device-batch", "257")
assert not os.path.exists("a")
E
}

# A driver that computes with fast maths is refused.
test_fast_math() {
    need_device
    echo 'leak:libpocl' >leaks # of the driver, where the program is built to report leaks
    export LSAN_OPTIONS=suppressions=leaks:print_suppressions=0
    POCL_EXTRA_BUILD_FLAGS=-cl-fast-relaxed-math "$PATINA" devices >message
    grep -q "not usable: .*fast-math" message || fail "$(cat message)"
    make_corpus 2
    POCL_EXTRA_BUILD_FLAGS=-cl-fast-relaxed-math "$PATINA" generate --corpus manifest.jsonl \
        --model "$MINI" --out a --device opencl 2>message && fail "no error"
    grep -q "differ from the reference" message || fail "$(cat message)"
}

# Workers, devices and batches do not change a byte; the encoders agree with those of the CPU.
test_byte_identity() {
    skip_with_sanitizer
    need_device
    make_corpus 5
    on_device one opencl:0 --threads 1 --device-batch 1 --variants 2
    on_device two opencl:0,1 --threads 4 --device-batch 7 --variants 2
    on_device many opencl:1 --threads 4 --device-batch 32 --variants 2
    assert_same_dirs one two
    POCL_DEVICES=basic on_device basic opencl:0 --threads 2 --variants 2
    assert_same_dirs one many
    assert_same_dirs one basic
    generate --corpus manifest.jsonl --out cpu --chunk 2 --variants 2 --format jsonl
    on_device device opencl --variants 2 --format jsonl
    py <<'E'
with open("one/dataset.json", encoding="utf-8") as file:
    assert json.load(file)["kernels"] == "opencl-1"
rows = list(zip(read_rows("cpu"), read_rows("device"), strict=True))
assert len(rows) >= 8
for a, b in rows:
    assert_all_near(a["fused_state"], b["fused_state"], 1e-5)
    assert all(a[c] == b[c] for c in COLUMNS[1:])
E
}

test_embed() {
    need_device
    local clip=$DEMO/clips/perc_bell.wav i model captions=()
    for i in 1 2 3 4 5 6 7 8 9; do captions+=(--text "caption $i" --text "a dog that barks $i times"); done
    for model in "$MINI" "$DEMO/model"; do # windows of 8 x 8 and of 4 x 4
        rm -f ./*.npy
        "$PATINA" embed --model "$model" -o cpu.npy "${captions[@]}" --audio "$clip"
        "$PATINA" embed --model "$model" -o one.npy "${captions[@]}" --audio "$clip" --device opencl:0 \
            --device-batch 1
        "$PATINA" embed --model "$model" -o two.npy "${captions[@]}" --audio "$clip" --device opencl:0,1 \
            --device-batch 7
        cmp one.npy two.npy || fail "$model: embeddings depend on the batch"
        py <<'E'
assert_all_near(read_npy("cpu.npy")[1], read_npy("one.npy")[1], 1e-5)
E
    done
}

# A run is completed where it was begun: on devices, or on the CPU.
test_not_mixed() {
    need_device
    make_corpus 6
    on_device device opencl --shard 0/3 >/dev/null
    generate --corpus manifest.jsonl --out cpu --chunk 2 --shard 0/3 >/dev/null
    "$PATINA" generate --corpus manifest.jsonl --model "$MINI" --chunk 2 --out device --shard 1/3 \
        2>message && fail "a device's run continues on the CPU"
    grep -q "which '--device opencl' selects" message || fail "$(cat message)"
    "$PATINA" generate --corpus manifest.jsonl --model "$MINI" --chunk 2 --out cpu --shard 1/3 \
        --device opencl 2>message && fail "a run of the CPU continues on a device"
    grep -q "which '--device cpu --isa .*' selects" message || fail "$(cat message)"
}

fault_library() {
    library=$(dirname "$PATINA")/tests/faults/libclfaults.so
    [ -e "$library" ] || skip "the fault library is not built"
    is_sanitized && skip "a driver has no sanitizer"
    return 0
}

is_sanitized() {
    nm "$PATINA" | grep -q -E '__(asan|tsan|ubsan)_'
}

# A call that fails ends the run with whole chunks and a sentence, or changes nothing; a second run
# completes the set.
test_failing_calls() {
    need_device
    fault_library
    make_corpus 6
    on_device whole opencl:0
    py "$library" <<'E'
import glob
import random
import shutil
import subprocess

library, full = sys.argv[1], bool(os.environ.get("PATINA_FULL_TESTS"))
COMMAND = [PATINA, "generate", "--corpus", "manifest.jsonl", "--model", MINI, "--chunk", "2", "--quiet",
           "--device", "opencl:0", "--out"]

def run(out, **faults):
    return subprocess.run(COMMAND + [out], env=dict(os.environ, OPENCL_LIB=library, **faults),
                          capture_output=True, text=True, timeout=300)

def contents(folder):
    return {name: digest for name, (digest, _) in hash_tree(folder).items()}

done = run("counted", CL_FAULT_LOG=os.path.abspath("calls"))
assert done.returncode == 0, done.stderr
assert contents("counted") == contents("whole")
with open("calls", encoding="utf-8") as file:
    calls = {name: int(n) for name, n in map(str.split, file) if int(n) > 0}
assert len(calls) > 20, calls
cases = [(name, nth, error) for name, n in calls.items() if "Release" not in name
         for nth in sorted({1, n // 2 + 1, n - n // 8}) for error in (-36, -5)]
if not full:
    must = [("clEnqueueNDRangeKernel", calls["clEnqueueNDRangeKernel"] * 3 // 4, e) for e in (-36, -5)]
    cases = must + random.Random(1).sample(cases, 4)
interrupted = smaller = 0
for i, (name, nth, error) in enumerate(cases):
    out, case = f"set{i}", f"call {nth} of {name}, error {error}"
    done = run(out, CL_FAULT_NAME=name, CL_FAULT_NTH=str(nth), CL_FAULT_ERROR=str(error))
    assert done.returncode in (0, 1, 2, 75), (case, done.returncode, done.stderr)
    if done.returncode == 0:
        smaller += 1
    else:
        assert done.stderr.startswith("patina: ") and done.stderr.count("\n") == 1, (case, done.stderr)
        chunks = glob.glob(f"{out}/.patina/*/chunk.json")
        interrupted += 0 < len(chunks) < 3
        again = run(out)
        assert again.returncode == 0, (case, again.stderr)
    assert contents(out) == contents("whole"), case
assert smaller > 0, "no call that lacks memory led to a smaller batch"
print(f"{len(cases)} cases, {interrupted} interrupted between chunks")

# A device that is lost: chunks stay, status 75, and the second time in the same chunk 1.
lost = {"CL_FAULT_NAME": "clEnqueueNDRangeKernel", "CL_FAULT_FOREVER": "1", "CL_FAULT_ERROR": "-36",
        "CL_FAULT_NTH": str(calls["clEnqueueNDRangeKernel"] * 3 // 4)}
done = run("lost", **lost)
assert done.returncode == 75 and "run the same command again" in done.stderr, (done.returncode, done.stderr)
for path in glob.glob("lost/.patina/*.journal"):
    os.remove(path)  # so that the same chunk is begun again
n_kept = len(glob.glob("lost/.patina/*/chunk.json"))
# A call after the checks of the device and before the end, in the chunk that failed before: how many calls a
# chunk has depends on how many clips were ready together.
for twentieth in range(15, 4, -1):
    shutil.copytree("lost", "again")
    done = run("again", **{**lost, "CL_FAULT_NTH": str(calls["clEnqueueNDRangeKernel"] * twentieth // 20)})
    if done.returncode == 1:
        break
    shutil.rmtree("again")
assert done.returncode == 1 and "an earlier run failed in the same chunk" in done.stderr, (done.returncode, done.stderr)
assert len(glob.glob("again/.patina/*/chunk.json")) == n_kept
assert run("again").returncode == 0 and contents("again") == contents("whole")

# Memory never suffices.
done = run("none", CL_FAULT_NAME="clEnqueueNDRangeKernel", CL_FAULT_NTH="60", CL_FAULT_FOREVER="1",
           CL_FAULT_ERROR="-4")
assert done.returncode == 1 and "CL_MEM_OBJECT_ALLOCATION_FAILURE" in done.stderr or "memory" in done.stderr, done.stderr
E
}

# A simulated device on which each batch takes 20 ms: four workers feed two of them about as fast as
# devices that take no time. Rates are compared in interleaved runs.
test_rate_of_a_simulated_device() {
    [ -n "${PATINA_FULL_TESTS:-}" ] || skip "takes a minute on an idle machine: set PATINA_FULL_TESTS"
    need_device
    fault_library
    make_corpus 120
    py "$library" <<'E'
import subprocess
import time

def seconds(ms, out):
    env = dict(os.environ, OPENCL_LIB=sys.argv[1], CL_STUB_AFTER="4", CL_STUB_MS=str(ms))
    child = subprocess.Popen([PATINA, "generate", "--corpus", "manifest.jsonl", "--model", MINI, "--out", out,
                              "--device", "opencl:0,1", "--threads", "4", "--variants", "4", "--progress", "json",
                              "--chunk", "1000"], env=env, stderr=subprocess.PIPE, text=True)
    first = None
    for line in child.stderr:
        if first is None and '"progress"' in line:
            first = time.monotonic()
    assert child.wait() == 0
    return time.monotonic() - first

times = {0: [], 20: []}
for i in range(5):
    for ms in times:
        times[ms].append(seconds(ms, f"set{ms}-{i}"))
print("seconds without and with a delay:", times)
assert min(times[20]) <= 1.1 * min(times[0]), times
E
}
