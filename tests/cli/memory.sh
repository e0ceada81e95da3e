# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# memory.sh - memory for entries in progress stays within --memory for any corpus

# Writes small tars with large content: captions.tar.gz, json.tar.gz, and wide.tar.gz and unknown.tar.gz with
# 3 s of 64 channels at 384 kHz, 295 MB each; the second does not declare its length.
make_bombs() {
    py <<'E'
import gzip
import tarfile


def member(name, size):
    info = tarfile.TarInfo(name)
    info.size = size
    return info.tobuf()


def tar(path, files):
    with gzip.open(path, "wb", 6) as out:
        for name, data in files:
            out.write(member(name, len(data)) + data + bytes(-len(data) % 512))
        out.write(bytes(1024))


def wav_header(size, channels, rate):
    return struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", min(size + 36, 0xFFFFFFFF), b"WAVE", b"fmt ", 16, 3,
                       channels, rate, rate * channels * 4, channels * 4, 32, b"data", size)


tone = array.array("f", [0.3 * math.sin(2 * math.pi * i / 64) for i in range(32000)])
clip = wav_header(len(tone) * 4, 1, 32000) + tone.tobytes()
tar("captions.tar.gz", [("a.txt", b"a\n" * 1000000), ("a.wav", clip)])
tar("json.tar.gz", [("a.json", b'{"text":["a"' + b',"a"' * 3000000 + b"]}"), ("a.wav", clip)])
frames = array.array("f", [0.3 * math.sin(2 * math.pi * (i // 64) / 4096) for i in range(1 << 18)])
block = gzip.compress(frames.tobytes(), 1)  # 1 MiB; gzip members may be concatenated
SIZE = 281 << 20
for name, size in (("wide", SIZE - 44), ("unknown", 0xFFFFFFFF)):
    with open(name + ".tar.gz", "wb") as out:
        for i in range(3):
            head = member(f"{i}.wav", SIZE) + wav_header(size, 64, 384000).ljust(512, b"\0")
            out.write(gzip.compress(head + frames.tobytes()[512:], 1) + block * ((SIZE >> 20) - 1))
            out.write(gzip.compress(member(f"{i}.txt", 6) + b"a tone".ljust(512, b"\0"), 1))
        out.write(gzip.compress(bytes(1024)))
E
}

# peak_of NAME ARG...: runs generate and prints its peak memory in MB; the output is in NAME.
peak_of() {
    local name=$1
    shift
    py "$name" "$@" <<'E'
import resource

status = subprocess.run([PATINA, "generate", "--model", MINI, "--out"] + sys.argv[1:2] + sys.argv[2:],
                        stdout=open("stdout", "w"), stderr=open("stderr", "w")).returncode
if status != (1 if sys.argv[1] == "json" else 0):  # of the only entry no row remains
    sys.exit(f"status {status}: " + open("stderr").read()[-1000:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10)
E
}

# The model of the tests is small: the memory of the program with one ordinary entry is nearly all code.
test_peak_is_within_the_budget() {
    case $PATINA in *asan* | *tsan* | *san/*) skip "sanitizers need more memory" ;; esac
    make_bombs
    py <<'E'
write_demo_manifest("manifest.jsonl", 1)
E
    plain=$(peak_of plain --corpus manifest.jsonl --threads 2)
    for bomb in captions json wide unknown; do
        case $bomb in captions | json) more="--max-captions 30" ;; *) more="" ;; esac
        # shellcheck disable=SC2086 # two words
        peak=$(peak_of "$bomb" --corpus $bomb.tar.gz --threads 2 --memory 64M --keep-going $more)
        echo "$bomb: $peak MB; an ordinary entry: $plain MB"
        [ "$peak" -le $((plain + 64)) ] || fail "$bomb takes $peak MB, an ordinary entry $plain MB"
    done
    grep -q "999970 captions are omitted" captions/rejects.jsonl || fail "another number is omitted"
    grep -q "more than 262144 values" json/rejects.jsonl || fail "another reason for json"
    if [ -s wide/rejects.jsonl ] || [ -s unknown/rejects.jsonl ]; then fail "wide audio is rejected"; fi
}

# The address space includes the stacks of threads and the reserves of malloc.
test_address_space_is_bounded() {
    case $PATINA in *asan* | *tsan* | *san/*) skip "sanitizers need more address space" ;; esac
    make_bombs
    ulimit -v 900000
    for bomb in wide unknown; do
        run generate --corpus $bomb.tar.gz --model "$MINI" --out $bomb --threads 2 --memory 64M
        assert_status 0
    done
}

test_control_group() {
    [ "$(id -u)" -eq 0 ] || skip "a control group needs root"
    case $PATINA in *asan* | *tsan* | *san/*) skip "sanitizers need more memory" ;; esac
    local group
    if grep -q -w memory /sys/fs/cgroup/cgroup.subtree_control 2>/dev/null; then
        group=/sys/fs/cgroup/patina-test-$$ limit=memory.max
    elif [ -w /sys/fs/cgroup/memory/memory.limit_in_bytes ]; then
        group=/sys/fs/cgroup/memory/patina-test-$$ limit=memory.limit_in_bytes
    else
        skip "no control group can limit memory"
    fi
    mkdir "$group" 2>/dev/null || skip "no control group can be made"
    # shellcheck disable=SC2064 # the group of now
    trap "rmdir $group" EXIT
    echo $((300 << 20)) >"$group/$limit" 2>/dev/null || skip "no control group can limit memory"
    make_bombs
    # Without --memory a quarter of the group's limit is used.
    (
        sh -c "echo \$\$ >$group/cgroup.procs; exec \"\$@\"" - "$PATINA" generate --corpus wide.tar.gz \
            --model "$MINI" --out wide --threads 2
    ) >stdout 2>stderr || fail "status $?"
}

# The budget does not affect rows, and is not a setting.
test_rows_are_the_same() {
    py <<'E'
write_demo_manifest("manifest.jsonl", 12)
E
    generate --corpus manifest.jsonl --out default --chunk 4 --variants 2 --threads 3
    generate --corpus manifest.jsonl --out least --chunk 4 --variants 2 --threads 3 --memory 1M
    assert_same_dirs default least
}

test_max_captions_is_a_setting() {
    py <<'E'
write_demo_manifest("manifest.jsonl", 2)
lines = [json.loads(line) for line in open("manifest.jsonl")]
with open("many.jsonl", "w") as out:
    for line in lines:
        line.pop("caption", None)
        line["captions"] = ["one", "two", "three", "four"]
        out.write(json.dumps(line) + "\n")
E
    generate --corpus many.jsonl --out four
    generate --corpus many.jsonl --out two --max-captions 2
    py <<'E'
four, two = (json.load(open(f"{name}/dataset.json")) for name in ("four", "two"))
assert four["rows"] == 2 * two["rows"] > 0, (four["rows"], two["rows"])
assert "max_captions" not in four["settings"] and two["settings"]["max_captions"] == 2
assert sum("2 captions are omitted" in line for line in open("two/rejects.jsonl")) == two["rows"] / 2
E
    run generate --corpus many.jsonl --model "$MINI" --out none --max-captions 0
    assert_status 2
    run generate --corpus many.jsonl --model "$MINI" --out none --memory 5X
    assert_status 2
    assert_stderr "'5X' is not a size"
}
