# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# threads.sh - the output does not depend on the number of threads

make_corpus() {
    py "$1" <<'E'
write_demo_manifest("manifest.jsonl", int(sys.argv[1]))
E
}

test_byte_identity() {
    make_corpus 24
    for threads in 1 2 7; do
        generate --corpus manifest.jsonl --out parquet-$threads --chunk 4 --variants 2 \
            --order random --seed 99 --threads $threads
    done
    assert_same_dirs parquet-1 parquet-2
    assert_same_dirs parquet-1 parquet-7
    [ "$(find parquet-1/data -name '*.parquet' | wc -l)" -ge 6 ] || fail "too few parts"
    [ "$(wc -l <parquet-1/rejects.jsonl)" -ge 5 ] || fail "too few rejects"
}

test_byte_identity_of_jsonl() {
    make_corpus 12
    generate --corpus manifest.jsonl --out one --format jsonl --chunk 2 --threads 1
    generate --corpus manifest.jsonl --out seven --format jsonl --chunk 2 --threads 7
    assert_same_dirs one seven
}

# More threads than entries.
test_more_threads_than_work() {
    make_corpus 2
    generate --corpus manifest.jsonl --out a --threads 1
    generate --corpus manifest.jsonl --out b --threads 64
    assert_same_dirs a b
}

# Clips of an archive are held in memory while they wait: eight of 450 MB exceed the memory budget, so
# they are not read together. Runs with PATINA_FULL_TESTS (3 GB of memory, half a minute).
test_large_clips_of_an_archive() {
    [ -n "${PATINA_FULL_TESTS:-}" ] || skip "takes 3 GB of memory: set PATINA_FULL_TESTS to run it"
    py <<'E'
import gzip
import tarfile

N, SIZE = 15, 450 << 20
tone = array.array("h", [round(9000 * math.sin(2 * math.pi * i / 64)) for i in range(1 << 19)])
block = gzip.compress(tone.tobytes(), 1)  # 1 MiB; gzip members may be concatenated
riff = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", SIZE - 8, b"WAVE", b"fmt ", 16, 1, 1, 48000, 96000,
                   2, 16, b"data", SIZE - 44)
with open("large.tar.gz", "wb") as out:
    for i in range(N):
        wav, note = tarfile.TarInfo(f"{i:03}.wav"), tarfile.TarInfo(f"{i:03}.txt")
        wav.size, note.size = SIZE, 6
        first = tone.tobytes()[44:]
        out.write(gzip.compress(wav.tobuf() + riff + first, 1) + block * (SIZE // (1 << 20) - 1))
        out.write(gzip.compress(note.tobuf() + b"a tone".ljust(512, b"\0"), 1))
    out.write(gzip.compress(bytes(1024)))
child = subprocess.Popen([PATINA, "generate", "--corpus", "large.tar.gz", "--model", MINI, "--out",
                          "set", "--threads", "2"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
said = child.stdout.read()
_, status, usage = os.wait4(child.pid, 0)
assert os.waitstatus_to_exitcode(status) == 0, said
assert len(read_provenance("set")) == N, said
print(f"{N * SIZE >> 20} MB of audio, {usage.ru_maxrss >> 10} MB of memory at most")
assert usage.ru_maxrss < 3 << 20, usage.ru_maxrss  # 2 GiB of waiting clips, one clip, the rest
E
}
