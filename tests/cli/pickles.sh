# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# pickles.sh - models saved by PyTorch

# A folder with the files of the small model except its weights.
folder() {
    mkdir "$1"
    cp "$MINI"/{config.json,preprocessor_config.json,vocab.json,merges.txt} "$1"
}

embed() {
    run embed --model "$1" --out "$2" --text 'a bell' --text '' \
        --audio "$DEMO/clips/perc_bell.wav"
    assert_status 0
}

# The same values give the same embeddings from every file format and key naming.
test_same_bits() {
    folder hf
    folder laion
    py <<'E'
import torch_file
tensors = torch_file.read_safetensors(MINI + "/model.safetensors")
torch_file.write("hf/pytorch_model.bin", tensors, top="pytorch_model")
torch_file.write("laion/best.pt", torch_file.laion_checkpoint(tensors))
torch_file.write("laion/other.weights", torch_file.laion_checkpoint(tensors), protocol=4)
E
    embed "$MINI" expected.npy
    for model in hf hf/pytorch_model.bin laion laion/best.pt laion/other.weights; do
        embed "$model" got.npy
        cmp expected.npy got.npy || fail "other embeddings from $model"
    done
    (cd laion && embed best.pt ../got.npy) # a file without a folder in its name
    cmp expected.npy got.npy || fail "other embeddings from best.pt"
    run generate --model laion --corpus "$DEMO/manifest.jsonl" --limit 2 --variants 1 --out set
    assert_status 0
    WANTED=$(sha256sum laion/best.pt | cut -d ' ' -f 1) py <<'E'
with open("set/dataset.json", encoding="utf-8") as file:
    model = json.load(file)["model"]
assert model["weights_sha256"] == os.environ["WANTED"], model
E
}

test_info() {
    folder hf
    folder laion
    py <<'E'
import torch_file
tensors = torch_file.read_safetensors(MINI + "/model.safetensors")
torch_file.write("hf/pytorch_model.bin", tensors)
torch_file.write("laion/best.pt", torch_file.laion_checkpoint(tensors))
about = {}
for model, file in ((MINI, "model.safetensors"), ("hf", "pytorch_model.bin"), ("laion", "best.pt")):
    info = about[model] = json.loads(patina("model", "info", "--json", model))
    with open(f"{model}/{file}", "rb") as data:
        data = data.read()
    assert info["file"] == file and info["n_bytes"] == len(data), info
    assert info["weights_sha256"] == hashlib.sha256(data).hexdigest()
    assert info["format"] == ("safetensors" if model == MINI else "pytorch")
    assert info["laion_names"] == (model == "laion") and info["told_by_tensors"] is False
    for key in ("n_tensors", "n_parameters", "n_parameters_audio", "n_parameters_text", "dtype",
                "config_sha256", "vocabulary_sha256"):
        assert info[key] == about[MINI][key], (model, key, info[key])
assert len({info["model_sha256"] for info in about.values()}) == 3
E
    run model info laion
    assert_stdout "best.pt, pytorch with LAION key names"
    run model info hf
    assert_stdout "pytorch_model.bin, pytorch"
}

# The choice of the weights file in a folder.
test_weight_file_choice() {
    folder model
    : >model/pytorch_model.bin
    : >model/a.pt
    cp "$MINI/model.safetensors" model/
    run model info model
    assert_status 0
    rm -f model/model.safetensors
    run model info model
    assert_failure 1
    assert_stderr "pytorch_model.bin': has 0 bytes"
    rm model/pytorch_model.bin
    run model info model
    assert_failure 1
    assert_stderr "model/a.pt': has 0 bytes"
    : >model/b.pt
    run model info model
    assert_failure 1
    assert_stderr "several weight files, such as 'a.pt' and 'b.pt'"
    rm model/?.pt
    run model info model
    assert_failure 1
    assert_stderr "model/model.safetensors': not found, and neither is 'pytorch_model.bin'"
    run model info model/a.pt
    assert_failure 1
    assert_stderr "model 'model/a.pt': no such folder or file"
    ln -s ../nowhere model/model.safetensors
    cp "$MINI/model.safetensors" model/a.pt
    run model info model
    assert_failure 1
    assert_stderr "model/model.safetensors': not found"
}

# A malformed pickle is reported in one sentence, and none of it is executed.
test_refused() {
    folder model
    for name in call legacy module list; do
        cp "$GOLDEN/clap/pickles/$name.bin" model/pytorch_model.bin
        run embed --model model --out e.npy --text a
        assert_failure 1
        assert_stderr model/pytorch_model.bin
        [ ! -e e.npy ] || fail "e.npy was written despite $name"
    done
    [ ! -e patina-was-fooled ] || fail "a pickle executed a command"
    cp "$GOLDEN/clap/pickles/hf.bin" model/pytorch_model.bin # a part of the tensors
    run embed --model model --out e.npy --text a
    assert_failure 1
    assert_stderr "text_model.embeddings.word_embeddings.weight': is missing"
}

# LAION's checkpoints have no configuration; that of published models is inferred from the shapes.
test_without_configuration() {
    mkdir model
    cp "$GOLDEN/clap/pickles/laion.pt" model/
    run model info model/laion.pt
    assert_failure 1
    assert_stderr "model/laion.pt': its tensors match none of LAION's published models"
    cp "$GOLDEN/clap/pickles/hf.bin" model/
    run model info model/hf.bin
    assert_failure 1
    assert_stderr "model/config.json': not found"
}

test_published() {
    [ -r "$PATINA_SHARED/clap/tensors_fused.txt" ] ||
        skip "no lists of published tensors (../shared)"
    py <<'E'
import torch_file
lists = SHARED + "/clap/tensors_"
crow = DEMO + "/clips/misc_crow.flac"
configs = {"unfused": {}, "fused": {"audio_config": {"enable_fusion": True}}}
layouts = {"unfused": "htsat-unfused", "fused": "htsat-fused", "larger": "larger"}
for name, layout in layouts.items():
    os.mkdir(name)
    torch_file.write(name + "/model.pt", torch_file.published(f"{lists}{name}.txt"))
    info = json.loads(patina("model", "info", "--json", name))
    assert info["layout"] == layout and info["told_by_tensors"] is True, info
    assert info["config_sha256"] is None and info["fused"] == (name == "fused")
    if name not in configs or is_sanitizer_build():
        continue

    # The same with configuration files.
    patina("embed", "--model", name, "--out", "told.npy", "--audio", crow)
    tiny = f"{SHARED}/clap/tiny{'' if name == 'unfused' else '_fused'}/preprocessor_config.json"
    with open(tiny, encoding="utf-8") as file:
        preprocessor = json.load(file)
    with open(name + "/preprocessor_config.json", "w", encoding="utf-8") as out:
        json.dump(preprocessor, out)
    with open(name + "/config.json", "w", encoding="utf-8") as out:
        json.dump(configs[name], out)
    patina("embed", "--model", name, "--out", "said.npy", "--audio", crow)
    said = read_npy("said.npy")
    assert read_npy("told.npy") == said
    # the configuration files have precedence
    with open(name + "/preprocessor_config.json", "w", encoding="utf-8") as out:
        json.dump(dict(preprocessor, frequency_min=0), out)
    patina("embed", "--model", name, "--out", "other.npy", "--audio", crow)
    assert read_npy("other.npy") != said
E
    mkdir bare
    cp larger/model.pt bare/
    run embed --model bare --out e.npy --text a
    assert_failure 1
    assert_stderr "folder 'bare': 'vocab.json' and 'merges.txt' not found; a '.pt' file has no vocabulary"
    cp "$MINI/vocab.json" bare/
    run embed --model bare/model.pt --out e.npy --text a
    assert_failure 1
    assert_stderr "folder 'bare': 'merges.txt' not found; a '.pt' file has no vocabulary"
}
