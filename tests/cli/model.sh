# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# model.sh - properties of a model folder, and damaged models

test_info() {
    run model info "$MINI"
    assert_status 0
    assert_stdout UNTRAINED
    assert_stdout "$(sha256sum "$MINI/model.safetensors" | cut -d ' ' -f 1)"
    run model info --json "$MINI"
    assert_status 0
    py <<'E'
with open("stdout", encoding="utf-8") as file:
    info = json.loads(file.read())
assert info["untrained"] is True and info["fused"] is False and info["dtype"] == "f32", info
with open(MINI + "/model.safetensors", "rb") as file:
    data = file.read()
header = json.loads(data[8:8 + struct.unpack("<Q", data[:8])[0]])
tensors = {k: v for k, v in header.items() if k != "__metadata__" and v["dtype"] == "F32"}
assert info["n_tensors"] == len(tensors), (info["n_tensors"], len(tensors))
assert info["n_parameters"] == sum(math.prod(t["shape"]) for t in tensors.values())
assert info["n_bytes"] == len(data)
with open(MINI + "/config.json", encoding="utf-8") as file:
    config = json.load(file)
assert info["text_hidden"] == config["text_config"]["hidden_size"]
assert info["audio_width"] == config["audio_config"]["patch_embeds_hidden_size"]
assert info["audio_depths"] == config["audio_config"]["depths"]
for name, file in {"weights": "model.safetensors", "config": "config.json",
                   "preprocessor": "preprocessor_config.json", "vocabulary": "vocab.json",
                   "merges": "merges.txt"}.items():
    with open(f"{MINI}/{file}", "rb") as data:
        assert info[name + "_sha256"] == hashlib.sha256(data.read()).hexdigest(), name
E
}

test_info_of_fused() {
    run model info --json "$GOLDEN/clap/tiny_fused"
    assert_status 0
    assert_stdout '"fused": true'
    assert_stdout '"untrained": true'
}

# Folders with one defect each: the error message names the place.
test_broken() {
    py <<'E'
def spoil(name, change, *words):
    """Asserts that a copy of the model with one file changed fails with these words."""
    shutil.rmtree("model", ignore_errors=True)
    shutil.copytree(MINI, "model", ignore=shutil.ignore_patterns("golden"))
    os.chmod("model", 0o755)
    path = "model/" + name
    os.chmod(path, 0o644)
    with open(path, "rb") as file:
        data = change(file.read())
    os.remove(path)
    if data is not None:
        with open(path, "wb") as file:
            file.write(data)
    done = subprocess.run([PATINA, "embed", "--model", "model", "--out", "e.npy", "--text", "a",
                           "--audio", DEMO + "/clips/misc_crow.flac"], stderr=subprocess.PIPE)
    said = done.stderr.decode()
    assert "Sanitizer" not in said and "runtime error:" not in said, said
    assert done.returncode == 1 and said.count("\n") == 1, (name, words, done)
    assert all(word in said for word in words), (words, said)
    assert not os.path.exists("e.npy")

def header(edit):
    """Changes the safetensors header and leaves the data in place."""
    def change(data):
        size = struct.unpack("<Q", data[:8])[0]
        tensors = json.loads(data[8:8 + size])
        edit(tensors)
        text = json.dumps(tensors).encode()
        return struct.pack("<Q", len(text)) + text + data[8 + size:]
    return change

def config(key, value, part=None):
    def change(data):
        tree = json.loads(data)
        (tree[part] if part else tree)[key] = value
        return json.dumps(tree).encode()
    return change

weights, one = "model.safetensors", "text_projection.linear1.weight"
def rename(t): t["elsewhere"] = t.pop(one)
def reshape(t): t[one]["shape"][0] += 1
def stretch(t): t[one]["data_offsets"][1] += 4
def outside(t): t[one]["data_offsets"] = [1 << 40, (1 << 40) + 4]
def negative(t): t[one]["data_offsets"] = [-4, 0]
def retype(t): t[one]["dtype"] = "F64"
def huge(t): t[one]["shape"] = [1 << 62, 1 << 62]
for edit in rename, reshape, stretch, outside, negative, retype, huge:
    spoil(weights, header(edit), weights, one)
spoil(weights, lambda d: d[:len(d) // 2], weights)
spoil(weights, lambda d: d[:7], weights)
spoil(weights, lambda d: b"", weights)
spoil(weights, lambda d: struct.pack("<Q", 1 << 63) + d[8:], weights)
spoil(weights, lambda d: struct.pack("<Q", len(d)) + d[8:], weights)
spoil(weights, lambda d: d[:8] + b"x" + d[9:], weights)
spoil(weights, lambda d: None, weights)
for name in "config.json", "preprocessor_config.json", "vocab.json", "merges.txt":
    spoil(name, lambda d: None, name)
    spoil(name, lambda d: b"\xff\x00{", name)
spoil("config.json", config("num_attention_heads", 0, "text_config"), "config.json")
spoil("config.json", config("num_attention_heads", 7, "text_config"), "config.json")
spoil("config.json", config("hidden_size", 1 << 40, "text_config"))
spoil("config.json", config("depths", [], "audio_config"), "config.json")
spoil("config.json", config("hidden_size", 17, "audio_config"))
spoil("config.json", config("patch_size", "4", "audio_config"), "config.json")
E
}
