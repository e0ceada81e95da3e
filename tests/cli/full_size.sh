# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# full_size.sh - longer runs, with the full-size model where there is one; run when named

full_model() {
    [ -r "${PATINA_FULL_MODEL:-}/model.safetensors" ] || skip "PATINA_FULL_MODEL names no model"
}

# The output does not depend on the number of threads with the full-size model either.
test_threads_at_full_size() {
    full_model
    for threads in 1 2 7; do
        run generate --model "$PATINA_FULL_MODEL" --corpus "$DEMO/manifest.jsonl" --variants 2 \
            --chunk 3 --threads $threads --out $threads
        assert_status 0
    done
    assert_same_dirs 1 2
    assert_same_dirs 1 7
}

test_threads_on_many_entries() {
    py <<'E'
clips = [json.loads(line) for line in open(DEMO + "/manifest.jsonl", encoding="utf-8")]
write_jsonl("manifest.jsonl", [
    {"id": f"{i}", "audio": f"{DEMO}/{clips[i % len(clips)]['audio']}",
     "caption": clips[i % len(clips)]["caption"]} for i in range(200)])
E
    for threads in 1 2 7; do
        generate --corpus manifest.jsonl --variants 3 --chunk 50 --threads $threads --out $threads
    done
    assert_same_dirs 1 2
    assert_same_dirs 1 7
}

# An hour of audio is measured in bounded memory; for a row only its segment is decoded.
test_long_file() {
    py <<'E'
import resource
block = array.array("h", [int(8000 * math.sin(i * 0.05)) for i in range(48000)]).tobytes()
seconds = 3600
with open("long.wav", "wb") as out:
    out.write(wav_header(48000, 1, 16, False, seconds * len(block)))
    for _ in range(seconds):
        out.write(block)
[got] = measure("long.wav")
assert got["frames"] == seconds * 48000
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
assert is_sanitizer_build() or peak < 200_000, f"{peak} kB for a file of {seconds * len(block)} bytes"
write_jsonl("manifest.jsonl", [{"audio": "long.wav", "caption": "a tone"}])
began = time.monotonic()
patina("generate", "--corpus", "manifest.jsonl", "--model", MINI, "--out", "set")
assert is_sanitizer_build() or time.monotonic() - began < 5, time.monotonic() - began
os.remove("long.wav")
E
}

# One clip and one caption of the full-size model on a device, against the goldens.
test_device_at_full_size() {
    full_model
    "$PATINA" devices 2>&1 | grep -q "usable: all kernels" || skip "no OpenCL device"
    [ -r "$PATINA_SHARED/clap/full/golden/index.json" ] || skip "no shared folder with clap/full"
    py <<'E'
folder = SHARED + "/clap/full/golden"
with open(folder + "/index.json", encoding="utf-8") as file:
    index = json.load(file)
clip = next(item for item in index["audio"] if item["name"] == "a2_10s")
text = next(item for item in index["text"] if item["name"] == "c00_plain")
write_wav("clip.wav", read_npy(os.path.normpath(f"{folder}/{clip['samples_file']}"))[1][:clip["samples"]])
patina("embed", "--model", os.environ["PATINA_FULL_MODEL"], "--out", "both.npy", "--device", "opencl",
       "--device-batch", "2", "--audio", "clip.wav", "--text", bytes.fromhex(text["utf8_hex"]).decode())
values = read_npy("both.npy")[1]
for i, item in enumerate((clip, text)):
    assert_all_near(values[512 * i:512 * i + 512], read_npy(f"{folder}/{item['embedding']}")[1], 1e-5,
                    item["name"])
E
}
