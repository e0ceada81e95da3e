# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# hub.sh - patina model fetch, and models by name; the hub is hub_server.py

# Python with a hub: py_with_hub <<'E' ... E
py_with_hub() {
    if HF_ENDPOINT=http://127.0.0.1:1 HF_HUB_CACHE="$WORK/absent" "$PATINA" model fetch 2>&1 | grep -q 'no libcurl'; then
        skip "this build has no libcurl"
    fi
    "${PATINA_HUB_PYTHON:-python3}" "$PATINA_ROOT/tests/cli/run_script.py" helpers,hub_server
}

test_fetch_and_use() {
    py_with_hub <<'E'
with Hub() as hub:
    printed, said = fetch(hub)
    folder = os.path.join(os.path.abspath("cache"), "hub", "models--laion--clap-htsat-unfused",
                          "snapshots", hub.commit)
    assert printed == folder + "\n", printed
    assert "5 files" in said and "--model laion/clap-htsat-unfused" in said, said
    assert assert_cache_complete(hub)
    before = hash_tree("cache")

    # a complete model is checked with one request and not downloaded again
    hub.reset()
    printed, said = fetch(hub, NAME)
    assert printed == folder + "\n" and "already complete" in said, said
    assert [(e["method"], e["who"]) for e in hub.log] == [("HEAD", "hub")], hub.log
    # a commit needs no request
    hub.reset()
    assert fetch(hub, "--quiet", "--revision", hub.commit) == (folder + "\n", "")
    assert hub.log == []
    assert hash_tree("cache") == before

    # every command accepts the name, without a request
    info = json.loads(end(start(hub, "model", "info", "--json", NAME))[0])
    mini = json.loads(patina("model", "info", "--json", MINI))
    assert info["model_sha256"] == mini["model_sha256"] and info["model"] == folder, info
    end(start(hub, "embed", "--model", NAME, "--out", "name.npy", "--text", "a dog"))
    patina("embed", "--model", MINI, "--out", "path.npy", "--text", "a dog")
    assert read_npy("name.npy") == read_npy("path.npy")
    end(start(hub, "generate", "--model", NAME + "@" + hub.commit, "--corpus",
              DEMO + "/manifest.jsonl", "--limit", "2", "--out", "set"))
    end(start(hub, "bench", "--model", NAME + "@main", "--quick", "--only", "towers",
              "--no-scaling", "--rounds", "1"))
    assert hub.log == []
E
}

test_pickles_where_there_is_nothing_better() {
    py_with_hub <<'E'
with Hub() as hub:
    hub.files["pytorch_model.bin"] = hub.files.pop("model.safetensors")
    fetch(hub)
    assert assert_cache_complete(hub)
    assert len(hub.requests_for("HEAD", "model.safetensors")) == 1
    # a file that another commit has in the cache shares its blob
    hub.reset()
    hub.commit = "f" * 40
    fetch(hub)
    assert assert_cache_complete(hub) and not [e for e in hub.log if e["method"] == "GET"], hub.log
with Hub() as hub:
    del hub.files["model.safetensors"]
    refused(hub, "has neither 'model.safetensors' nor 'pytorch_model.bin'", cache="none")
    assert published_files("none") == []
E
}

# ---- Python's own cache ---------------------------------------------------------------------------

# py_with_hub in a Python that has huggingface_hub. The package reads the environment when it is
# imported, so it runs in separate processes.
with_huggingface_hub() {
    PATINA_HUB_PYTHON=${PATINA_HUB_PYTHON:-$PATINA_ROOT/build/venv/bin/python}
    "$PATINA_HUB_PYTHON" -c 'import huggingface_hub' 2>/dev/null ||
        skip "no Python environment for the reader tests, or no huggingface_hub in it"
    export PATINA_HUB_PYTHON
    py_with_hub
}

test_python_finds_what_we_fetched() {
    with_huggingface_hub <<'E'
def python(program, **more):
    subprocess.run([sys.executable, "-c", "import huggingface_hub as h, os\n" + program],
                   check=True, env=hub.environment("cache", **more))

with Hub() as hub:
    folder = fetch(hub)[0].strip()
    names = sorted(set(FILES) - {"tokenizer_config.json"})
    size = sum(len(hub.files[name]) for name in names)
    python(f"""
assert h.snapshot_download({NAME!r}, local_files_only=True) == {folder!r}
for name in {names!r}:
    path = os.path.join({folder!r}, name)
    assert h.try_to_load_from_cache({NAME!r}, name) == path, name
    assert h.hf_hub_download({NAME!r}, name, local_files_only=True) == path, name
found = h.scan_cache_dir()
assert not found.warnings, found.warnings
repo, = found.repos
assert (repo.repo_id, repo.repo_type) == ({NAME!r}, "model"), repo
assert (repo.nb_files, repo.size_on_disk) == (5, {size}), repo
revision, = repo.revisions
assert revision.commit_hash == {hub.commit!r} and revision.refs == frozenset(["main"]), revision
""", HF_HUB_OFFLINE="1")
    # online it fetches only the files that patina does not need
    hub.reset()
    python(f"assert h.snapshot_download({NAME!r}) == {folder!r}")
    fetched = [e["path"].rsplit("/")[-1] for e in hub.log
               if e["method"] == "GET" and "/api/" not in e["path"]]
    assert fetched == ["tokenizer_config.json"], fetched
E
}

test_we_find_what_python_fetched() {
    with_huggingface_hub <<'E'
def python(program, cache):
    subprocess.run([sys.executable, "-c", "import huggingface_hub as h\n" + program], check=True,
                   env=hub.environment(cache))

with Hub() as hub:
    python(f"h.snapshot_download({NAME!r})", "whole")
    hub.reset()
    info = json.loads(end(start(hub, "model", "info", "--json", NAME, cache="whole"))[0])
    mini = json.loads(patina("model", "info", "--json", MINI))
    assert info["model_sha256"] == mini["model_sha256"]
    assert hub.log == []
    fetch(hub, cache="whole")
    assert not [e for e in hub.log if e["method"] == "GET"], hub.log

    # a partial model: missing files are named, and fetched
    python(f"h.hf_hub_download({NAME!r}, 'config.json')\n"
           f"h.hf_hub_download({NAME!r}, 'model.safetensors')", "some")
    printed, said = end(start(hub, "model", "info", NAME, cache="some"), status=1)
    assert "lacks 'preprocessor_config.json'" in said and "patina model fetch" in said, said
    hub.reset()
    fetch(hub, cache="some")
    assert assert_cache_complete(hub, "some")
    assert not hub.requests_for("GET", "model.safetensors") and not hub.requests_for("GET", "config.json")

    # both at the same time: they use the same lock, so the model is downloaded once
    hub.reset()
    hub.on("store GET", "model.safetensors", slow(500000, 0.5))
    ours = start(hub, "model", "fetch", cache="both")
    wait_until(lambda: hub.requests_for("GET", "model.safetensors", "store"))
    python(f"h.snapshot_download({NAME!r})", "both")
    assert "another process" not in end(ours)[1]
    assert len(hub.requests_for("GET", "model.safetensors", "store")) == 1, hub.log
    end(start(hub, "model", "info", NAME, cache="both"))
E
}

# ---- models by name -------------------------------------------------------------------------------

test_not_in_the_cache() {
    py_with_hub <<'E'
with Hub() as hub:
    for args in (["model", "info", NAME], ["bench", "--model", NAME],
                 ["embed", "--model", NAME, "--out", "e.npy", "--text", "x"],
                 ["generate", "--model", NAME, "--corpus", DEMO + "/manifest.jsonl", "--out", "set"]):
        printed, said = end(start(hub, *args), status=1)
        assert printed == "" and said.count("\n") == 1, said
        assert f"patina: model '{NAME}': no such folder or file" in said, said
        assert f"run 'patina model fetch {NAME}'" in said, said
    printed, said = end(start(hub, "model", "info", NAME + "@v1"), status=1)
    assert f"run 'patina model fetch {NAME}@v1'" in said, said
    # an existing path comes first, and a file name is never a model's name
    shutil.copytree(MINI, NAME)
    end(start(hub, "model", "info", NAME))
    printed, said = end(start(hub, "model", "info", "laion/model.pt"), status=1)
    assert "fetch" not in said and "'laion/model.pt': no such folder or file" in said, said
    assert hub.log == [] and not os.path.exists("cache") and not os.path.exists("set")
E
}

# The folder of the cache: the variables of huggingface_hub, in its order.
test_cache_location() {
    py_with_hub <<'E'
with Hub() as hub:
    here = os.getcwd()
    none = dict(HF_HOME=None, XDG_CACHE_HOME=None, HOME=here + "/home")
    for variables, cache in (
            ({}, "home/.cache/huggingface/hub"),
            ({"XDG_CACHE_HOME": here + "/xdg"}, "xdg/huggingface/hub"),
            ({"XDG_CACHE_HOME": here + "/xdg", "HF_HOME": here + "/hf"}, "hf/hub"),
            ({"HF_HOME": "~/hf"}, "home/hf/hub"),
            ({"HF_HOME": here + "/hf", "HUGGINGFACE_HUB_CACHE": here + "/old"}, "old"),
            ({"HUGGINGFACE_HUB_CACHE": here + "/old", "HF_HUB_CACHE": here + "/new"}, "new"),
            ({"HF_HUB_CACHE": "", "HF_HOME": here + "/hf"}, "hf/hub")):
        printed, said = end(start(hub, "model", "info", NAME, **{**none, **variables}), status=1)
        assert f"cache '{here}/{cache}';" in said, (cache, said)
    fetch(hub, HF_HUB_CACHE=here + "/new/deep")
    assert os.path.isdir("new/deep/models--laion--clap-htsat-unfused/snapshots/" + hub.commit)
E
}

test_names_and_revisions() {
    py_with_hub <<'E'
with Hub() as hub:
    for name in ("clap", "a/b/c", "../x", "laion/..", "laion/", "/laion", "laion/a--b", "-a/b",
                 "laion/x.git", "a" * 97 + "/b", "laion/a b", "laion/a@", "laion/a@..", "laion/a@/x",
                 "laion/a@x/../../y", "laion/a@x y", "laion/a@" + "x" * 201, "laion/\u00e4"):
        printed, said = fetch(hub, "--", name, status=2)
        assert "is not a name of a model" in said or "is not a revision" in said, said
    printed, said = fetch(hub, NAME + "@a", "--revision", "b", status=2)
    assert "both name a revision" in said, said
    assert hub.log == [] and not os.path.exists("cache")

    # a branch with a slash in its name, as pull requests have
    hub.branches.append("refs/pr/1")
    fetch(hub, "--revision", "refs/pr/1")
    assert open(repo_cache_dir() + "/refs/refs/pr/1").read() == hub.commit
    assert "/resolve/refs%2Fpr%2F1/" in hub.log[0]["path"], hub.log[0]
    end(start(hub, "model", "info", NAME + "@refs/pr/1"))
    end(start(hub, "model", "info", NAME), status=1)
    refused(hub, "has no revision 'nowhere'", NAME + "@nowhere")
    # the branch gets a new commit
    old, hub.commit = hub.commit, "a" * 40
    fetch(hub, NAME + "@refs/pr/1")
    assert open(repo_cache_dir() + "/refs/refs/pr/1").read() == hub.commit
    assert sorted(os.listdir(repo_cache_dir() + "/snapshots")) == sorted([old, hub.commit])
E
}

# ---- connections that fail ------------------------------------------------------------------------

test_resumes_after_disconnect() {
    py_with_hub <<'E'
with Hub() as hub:
    hub.on("store GET", "model.safetensors", disconnect_after(1000000), times=1)
    hub.on("store GET", "model.safetensors", disconnect_after(2000000), times=1)
    hub.on("GET", "vocab.json", disconnect_after(1000), times=1)
    printed, said = fetch(hub, "--retries", "1")  # in a row, so this is enough
    assert [e["range"] for e in hub.requests_for("GET", "model.safetensors", "store")] == \
        [None, "bytes=1000000-", "bytes=3000000-"], hub.log
    assert [e["range"] for e in hub.requests_for("GET", "vocab.json")] == [None, "bytes=1000-"]
    assert said.count("closed the connection; trying again in 1 s (1 of 1)") == 3, said
    assert assert_cache_complete(hub)

    # repeated disconnects end the command; the next fetch resumes
    hub.reset()
    hub.on("store GET", "model.safetensors", disconnect_after(500000), times=1)
    hub.on("store GET", "model.safetensors", disconnect_after(0))
    refused(hub, "closed the connection", "--retries", "1", cache="again")
    name = sha256(hub.files["model.safetensors"]) + ".incomplete"
    assert os.path.getsize(f"{repo_cache_dir('again')}/blobs/{name}") == 500000
    assert not os.path.exists(repo_cache_dir("again") + "/refs/main")
    hub.reset()
    fetch(hub, cache="again")
    assert [e["range"] for e in hub.requests_for("GET", "model.safetensors", "store")] == \
        ["bytes=500000-"], hub.log
    assert assert_cache_complete(hub, "again")

    # a server without ranges sends the whole file
    hub.on("store GET", "model.safetensors", disconnect_after(700000), times=1)
    hub.on("store GET", "model.safetensors", ignore_range)
    fetch(hub, cache="whole")
    assert assert_cache_complete(hub, "whole")
E
}

test_resumes_after_kill() {
    py_with_hub <<'E'
with Hub() as hub:
    begun = f"{repo_cache_dir()}/blobs/{sha256(hub.files['model.safetensors'])}.incomplete"
    asked_for = 0
    for number in signal.SIGKILL, signal.SIGINT, signal.SIGKILL:
        hub.reset()
        hub.on("store GET", "model.safetensors", slow(200000, 0.1))
        run = start(hub, "model", "fetch")
        wait_until(lambda: os.path.exists(begun) and os.path.getsize(begun) >= asked_for + 600000)
        run.send_signal(number)
        printed, said = run.communicate(timeout=60)
        assert run.returncode == -number, (run.returncode, said)
        assert number == signal.SIGKILL or "stopped; run the same command again" in said, said
        if asked_for:
            assert [e["range"] for e in hub.requests_for("GET", "model.safetensors", "store")] == \
                [f"bytes={asked_for}-"], hub.log
        asked_for = os.path.getsize(begun)
        assert asked_for < len(hub.files["model.safetensors"])
        assert not [n for n in published_files() if "model.safetensors" in n or "refs" in n]
    hub.reset()
    fetch(hub)
    assert hub.requests_for("GET", "model.safetensors", "store")[0]["range"] == f"bytes={asked_for}-"
    assert assert_cache_complete(hub)
E
}

test_stalls() {
    py_with_hub <<'E'
with Hub() as hub:
    quick = dict(HF_HUB_DOWNLOAD_TIMEOUT="1")
    # within the file: the request times out and is resumed
    hub.on("store GET", "model.safetensors", stall(800000), times=1)
    printed, said = fetch(hub, **quick)
    assert "stopped sending; trying again" in said, said
    assert hub.requests_for("GET", "model.safetensors", "store")[1]["range"] == "bytes=800000-"
    assert assert_cache_complete(hub)
    # at the start, by hub and store; and permanently
    for method, file in (("HEAD", "config.json"), ("GET", "vocab.json"),
                         ("store GET", "model.safetensors")):
        hub.reset()
        hub.on(method, file, silence())
        began = time.monotonic()
        refused(hub, "stopped sending", "--retries", "1", cache=method, **quick)
        took = time.monotonic() - began
        assert 2 < took < 20, took  # twice a second of silence, and a second of rest
        assert not [n for n in published_files(method) if "refs" in n or file in n]
E
}

test_no_connection() {
    py_with_hub <<'E'
with Hub() as hub:
    pass
refused(hub, "cannot be reached")  # at once: there is nothing to wait for
with Hub() as hub:
    refused(hub, "cannot be reached", HF_ENDPOINT="http://no-such-host.invalid")
    refused(hub, "is not the URL of a hub", HF_ENDPOINT="ftp://127.0.0.1", status=2)
    refused(hub, "is not the URL of a hub", HF_ENDPOINT="nonsense of mine", status=2)
    assert not os.path.exists("cache")
    fetch(hub, HF_ENDPOINT=hub.address + "/")  # a slash at the end is one too many
    assert assert_cache_complete(hub)
E
}

test_concurrent_fetches() {
    py_with_hub <<'E'
with Hub() as hub:
    hub.on("store GET", "model.safetensors", slow(1000000, 0.2))
    runs = [start(hub, "model", "fetch") for _ in range(4)]
    said = [end(run)[1] for run in runs]
    assert assert_cache_complete(hub)
    assert len(hub.requests_for("GET", "model.safetensors", "store")) == 1, hub.log
    assert sum("waiting for another process" in text for text in said) >= 1, said

    # the downloading process is killed: another one resumes
    hub.reset()
    hub.on("store GET", "model.safetensors", slow(500000, 0.2))
    runs = [start(hub, "model", "fetch", cache="killed")]
    begun = f"{repo_cache_dir('killed')}/blobs/{sha256(hub.files['model.safetensors'])}.incomplete"
    wait_until(lambda: os.path.exists(begun) and os.path.getsize(begun) >= 500000)
    runs.append(start(hub, "model", "fetch", cache="killed"))
    time.sleep(0.5)
    runs[0].kill()
    runs[0].communicate()
    end(runs[1])
    assert assert_cache_complete(hub, "killed")
    asked = [e["range"] for e in hub.requests_for("GET", "model.safetensors", "store")]
    assert len(asked) == 2 and int(asked[1][6:-1]) >= 500000, asked

    # without locks each process downloads the file
    hub.reset()
    hub.on("store GET", "model.safetensors", slow(1000000, 0.1))
    os.makedirs("lockless/hub")
    open("lockless/hub/.locks", "w").close()
    for run in [start(hub, "model", "fetch", cache="lockless") for _ in range(3)]:
        end(run)
    assert assert_cache_complete(hub, "lockless")
    assert len(hub.requests_for("GET", "model.safetensors", "store")) == 3
E
}

# ---- error responses ------------------------------------------------------------------------------

test_refusals() {
    py_with_hub <<'E'
with Hub() as hub:
    def answer(sentence, code, headers={}, method="HEAD", file="config.json", **environment):
        hub.reset()
        hub.on(method, file, status(code, **headers))
        said = refused(hub, sentence, "--retries", "0", **environment)
        assert f"model '{NAME}': " in said and "hf_secret" not in said, said
        assert not [n for n in published_files() if "refs" in n or file in n], published_files()
    answer("or it is private (401): check the name; for a private one set HF_TOKEN",
           401)
    answer("or the token gives no access to it (401)", 401, HF_TOKEN="hf_secret")
    terms = f"accept its terms at {hub.address}/{NAME}"
    answer(terms + ", and set HF_TOKEN to a token of that account", 401,
           {"X_Error_Code": "GatedRepo"})
    answer(terms + ", and use a token of that account", 403, HF_TOKEN="hf_secret")
    answer("has no such model (404): check the name", 404, {"X_Error_Code": "RepoNotFound"})
    answer("has no such model (404)", 404)
    answer("has no 'config.json'", 404, {"X_Error_Code": "EntryNotFound"})
    answer("limits the rate of requests (429): a token in HF_TOKEN raises the limit", 429)
    answer("responds with 418 for 'config.json'", 418)
    answer("responds with 500 for 'config.json', a server error", 500)
    assert not os.path.exists("cache"), hash_tree("cache")
    answer("has no 'vocab.json', which a CLAP model requires", 404, {"X_Error_Code": "EntryNotFound"},
           file="vocab.json")
    answer("responds with 500 for 'merges.txt'", 500, method="GET", file="merges.txt")
    answer("the storage of '127.0.0.1' responds with 403", 403, method="store GET",
           file="model.safetensors")
    hub.reset()
    refused(hub, "has no such model", "laion/nothing", cache="other")
    assert not os.path.exists("other")
E
}

test_retries() {
    py_with_hub <<'E'
with Hub() as hub:
    hub.on("HEAD", "config.json", status(500), times=1)
    hub.on("HEAD", "merges.txt", status(429, Retry_After="2"), times=1)
    hub.on("GET", "vocab.json", status(503), times=1)
    hub.on("store GET", "model.safetensors", status(403), times=1)  # the signature was too old
    printed, said = fetch(hub)
    assert assert_cache_complete(hub) and said.count("trying again") == 4, said
    first, second = (e["at"] for e in hub.requests_for("HEAD", "merges.txt"))
    assert second - first >= 2, second - first
    assert len(hub.requests_for("GET", "model.safetensors")) == 2, "no new address was asked for"
    # longer than the limit
    hub.reset()
    hub.on("HEAD", "config.json", status(429, Retry_After="86400"))
    refused(hub, "limits the rate of requests", cache="late")
    # 1 s, then 2 s, then failure
    hub.reset()
    hub.on("HEAD", "config.json", status(502))
    began = time.monotonic()
    refused(hub, "responds with 502", "--retries", "2", cache="late")
    assert 3 <= time.monotonic() - began < 15 and len(hub.log) == 3, hub.log
    assert not os.path.exists("late")
E
}

test_redirects_and_the_token() {
    py_with_hub <<'E'
with Hub() as hub:
    def tokens(who):
        return {e["token"] for e in hub.log if e["who"] == who}
    fetch(hub, HF_TOKEN=" hf_secret\n")
    assert tokens("hub") == {"Bearer hf_secret"}, hub.log
    assert tokens("store") == {None}, hub.log  # same name, another port: another origin
    # of a file; with --retries 0, and with damaged data
    hub.reset()
    os.makedirs("file")
    open("file/token", "w").write("hf_file\n")
    fetch(hub, cache="file")
    assert tokens("hub") == {"Bearer hf_file"} and tokens("store") == {None}
    hub.reset()
    fetch(hub, cache="file", HF_HUB_DISABLE_IMPLICIT_TOKEN="1")
    assert tokens("hub") == {None}
    refused(hub, "the token contains an invalid character", cache="bad", HF_TOKEN="hf\r\nX-Evil: 1", status=2)

    # a renamed model: the hub redirects to itself, and the token is sent again
    hub.reset()
    hub.on("HEAD", "config.json", redirect(f"/{NAME}/resolve/main/merges.txt", 307), times=1)
    fetch(hub, cache="renamed", HF_TOKEN="hf_secret")
    assert tokens("hub") == {"Bearer hf_secret"}
    assert len(hub.requests_for("HEAD", "merges.txt")) == 2
    # a small file may be on another host, too
    hub.reset()
    hub.on("GET", "vocab.json", redirect(lambda: hub.cdn_address + "/vocab.json"))
    fetch(hub, cache="elsewhere", HF_TOKEN="hf_secret")
    assert assert_cache_complete(hub, "elsewhere") and tokens("store") == {None}
    # in a loop, and to another protocol
    for to, sentence in ((f"/{NAME}/resolve/main/config.json", "redirects too often"),
                         ("file:///etc/passwd", "is a redirect from https to an unencrypted URL")):
        hub.reset()
        hub.on("HEAD", "config.json", redirect(to))
        refused(hub, sentence, cache="circles")
        assert len(hub.log) < 12, len(hub.log)
    assert not os.path.exists("circles")
E
}

test_hash_mismatch() {
    py_with_hub <<'E'
def flipped(body):
    return bytes([body[0] ^ 1]) + body[1:]

with Hub() as hub:
    # of a large file (SHA-256) and of a small one (git's SHA-1)
    for method, file in ("store GET", "model.safetensors"), ("GET", "merges.txt"):
        hub.reset()
        hub.on(method, file, replace_body(flipped))
        refused(hub, f"file '{file}' was damaged in transfer", cache=file)
        body = hub.files[file]
        etag = sha256(body) if file in LARGE else git_sha1(body)
        assert not [name for name in blobs(file) if etag in name], blobs(file)
        assert not [n for n in published_files(file) if n.endswith("/" + file) or "refs" in n]
        hub.reset()
        fetch(hub, cache=file)
        assert assert_cache_complete(hub, file)

    # a damaged or too long partial file: the whole file is downloaded
    etag = sha256(hub.files["model.safetensors"])
    size = len(hub.files["model.safetensors"])
    for left in b"nonsense" * 1000, bytes(size), bytes(size + 1):
        hub.reset()
        shutil.rmtree("left", ignore_errors=True)
        os.makedirs(repo_cache_dir("left") + "/blobs")
        with open(f"{repo_cache_dir('left')}/blobs/{etag}.incomplete", "wb") as file:
            file.write(left)
        printed, said = fetch(hub, cache="left")
        assert assert_cache_complete(hub, "left")
        assert ("was damaged; downloading the whole file again" in said) == (len(left) <= size), said
    # a blob of the wrong length is replaced
    os.remove(f"{repo_cache_dir('left')}/snapshots/{hub.commit}/model.safetensors")
    with open(f"{repo_cache_dir('left')}/blobs/{etag}", "wb") as file:
        file.write(b"short")
    fetch(hub, cache="left")
    assert assert_cache_complete(hub, "left")
    # a dangling link is replaced
    os.remove(f"{repo_cache_dir('left')}/blobs/{etag}")
    said = end(start(hub, "model", "info", NAME, cache="left"), 1)[1]
    assert "lacks 'model.safetensors'" in said, said
    fetch(hub, cache="left")
    assert assert_cache_complete(hub, "left")
E
}

# A file of the cache whose bytes have changed under their name, at the same size: fetch downloads it
# again, for a branch and for a commit, and nothing else.
test_damaged_in_the_cache() {
    py_with_hub <<'E'
with Hub() as hub:
    folder = fetch(hub)[0].strip()
    for name, more in ("vocab.json", []), ("model.safetensors", ["--revision", hub.commit]):
        blob = os.path.realpath(f"{folder}/{name}")
        os.chmod(blob, 0o644)
        with open(blob, "r+b") as file:
            file.seek(100)
            byte = file.read(1)
            file.seek(100)
            file.write(bytes([byte[0] ^ 1]))
        hub.reset()
        said = fetch(hub, *more)[1]
        assert f"'{name}' is damaged in the cache and is downloaded again" in said, said
        got = [e["path"] for e in hub.log if e["method"] == "GET" and e["who"] == "hub"]
        assert len(got) == 1 and got[0].endswith("/" + name), got
        assert assert_cache_complete(hub)
E
}

test_size_mismatch() {
    py_with_hub <<'E'
with Hub() as hub:
    size = len(hub.files["model.safetensors"])
    for name, action, sentence in (
            ("more", replace_body_and_length(lambda body: body + b"more"),
             f"has {size} bytes according to its metadata, but '127.0.0.1' sends {size + 4}"),
            ("less", replace_body_and_length(lambda body: body[:-4]), f"sends {size - 4}"),
            ("endless", endless, f"sends more than the expected {size} bytes")):
        hub.reset()
        hub.on("store GET", "model.safetensors", action)
        refused(hub, sentence, cache=name)
        assert not [n for n in published_files(name) if "model.safetensors" in n or "refs" in n]
        assert sum(os.path.getsize(f"{repo_cache_dir(name)}/blobs/{n}") for n in blobs(name)) <= 2 * size
    # without a size there is a limit, too
    hub.reset()
    hub.on("HEAD", "vocab.json", headers(Content_Length=None))
    hub.on("GET", "vocab.json", endless)
    refused(hub, "sends more than the expected 67108864 bytes", cache="untold")
    hub.rules.pop()
    fetch(hub, cache="untold")
    assert assert_cache_complete(hub, "untold")
E
}

test_strange_headers() {
    py_with_hub <<'E'
with Hub() as hub:
    for changed, sentence in (
            ({"ETag": None}, "no valid ETag for 'config.json'"),
            ({"ETag": '"x/../../../../evil"'}, "no valid ETag"),
            ({"ETag": '".."'}, "no valid ETag"),
            ({"ETag": '"' + "a" * 200 + '"'}, "no valid ETag"),
            ({"ETag": '""'}, "no valid ETag"),
            ({"X_Repo_Commit": None}, "no valid X-Repo-Commit for 'config.json'"),
            ({"X_Repo_Commit": "../../evil"}, "no valid X-Repo-Commit"),
            ({"X_Repo_Commit": "abc"}, "no valid X-Repo-Commit")):
        hub.reset()
        hub.on("HEAD", "config.json", headers(**changed))
        refused(hub, sentence, cache="strange")
    assert not os.path.exists("strange")
    # an ETag that is not a hash: only the size is checked, with a note; weak ETags are accepted
    hub.reset()
    hub.on("HEAD", "config.json", headers(ETag='W/"version-7"'))
    printed, said = fetch(hub, cache="opaque")
    assert "has no hash for 'config.json'; only its size was verified" in said, said
    assert "version-7" in blobs("opaque"), blobs("opaque")
    # some mirrors send the SHA-1 of the content alone
    hub.reset()
    hub.on("HEAD", "config.json",
           headers(ETag='"%s"' % hashlib.sha1(hub.files["config.json"]).hexdigest()))
    fetch(hub, cache="plain")
    # the model changes during a download
    hub.reset()
    hub.on("HEAD", "vocab.json", headers(X_Repo_Commit="b" * 40))
    refused(hub, f"commit {hub.commit} was requested, and the hub responds with {'b' * 40}", cache="mixed")
    # a range other than the requested one
    hub.reset()
    hub.on("store GET", "model.safetensors", disconnect_after(100000), times=1)
    hub.on("store GET", "model.safetensors", headers(Content_Range="bytes 5-9/10"))
    refused(hub, "was requested from byte 100000, but '127.0.0.1' sends it from byte 5", cache="part")
E
}

test_not_a_clap_model() {
    py_with_hub <<'E'
with Hub() as hub:
    config = json.loads(hub.files["config.json"])
    config["model_type"] = "whisper"
    hub.files["config.json"] = json.dumps(config).encode()
    refused(hub, "is of type 'whisper' instead of 'clap'")
    assert not hub.requests_for("GET", "model.safetensors") and not os.path.exists(repo_cache_dir() + "/refs/main")
with Hub() as hub:  # the weights are of another model than the configuration
    config = json.loads(hub.files["config.json"])
    config["text_config"]["intermediate_size"] += 1
    hub.files["config.json"] = json.dumps(config).encode()
    refused(hub, "the model was downloaded but cannot be used", cache="odd")
E
}

# ---- the cache ------------------------------------------------------------------------------------

test_offline() {
    py_with_hub <<'E'
with Hub() as hub:
    for word in "1", "true", "YES":
        refused(hub, "lacks this model, and downloads are disabled (HF_HUB_OFFLINE)",
                HF_HUB_OFFLINE=word)
    refused(hub, "HF_HUB_OFFLINE", TRANSFORMERS_OFFLINE="1")
    assert hub.log == [] and not os.path.exists("cache")
    folder = fetch(hub, HF_HUB_OFFLINE="0")[0]
    hub.reset()
    assert fetch(hub, HF_HUB_OFFLINE="1")[0] == folder
    os.remove(folder.strip() + "/vocab.json")
    refused(hub, "lacks 'vocab.json'", HF_HUB_OFFLINE="1")
    assert hub.log == []
E
}

# Mounts a file system of $1 kB at ./disk for the duration of the test; needs root.
mount_small_disk() {
    mkdir disk
    [ "$(id -u)" -eq 0 ] || skip "needs root to mount a file system"
    mount -t tmpfs -o "size=$1k" none disk 2>/dev/null || skip "mounting is not allowed here"
    trap 'umount "$WORK/disk"' EXIT
}

test_full_device_path() {
    mount_small_disk 4000
    py_with_hub <<'E'
with Hub() as hub:
    # known in advance: no download begins
    refused(hub, "MB are required and", cache="disk")
    assert published_files("disk") == [] and not hub.requests_for("GET", "config.json"), published_files("disk")
    subprocess.run(["mount", "-o", "remount,size=20000k", "disk"], check=True)
    # not known in advance: another process fills the disk
    hub.on("store GET", "model.safetensors", slow(100000, 0.1))
    run = start(hub, "model", "fetch", cache="disk")
    begun = f"{repo_cache_dir('disk')}/blobs/{sha256(hub.files['model.safetensors'])}.incomplete"
    wait_until(lambda: os.path.exists(begun) and os.path.getsize(begun) >= 300000)
    with open("disk/filler", "wb", buffering=0) as filler:
        try:
            while True:
                filler.write(bytes(1 << 16))
        except OSError:
            pass
    printed, said = end(run, status=1)
    fault = said.splitlines()[-1]
    assert fault.startswith("patina: ") and "No space left on device (make room" in fault, said
    assert not [n for n in published_files("disk") if "model.safetensors" in n or "refs" in n]
    os.remove("disk/filler")
    hub.reset()
    fetch(hub, cache="disk")
    assert assert_cache_complete(hub, "disk") and hub.requests_for("GET", "model.safetensors", "store")[0]["range"]
E
}

test_read_only_cache() {
    mount_small_disk 20000
    py_with_hub <<'E'
with Hub() as hub:
    def remount(how):
        subprocess.run(["mount", "-o", "remount," + how, "disk"], check=True)
    remount("ro")
    refused(hub, "cannot be created: Read-only file system (set HF_HOME", cache="disk")
    remount("rw")
    folder = fetch(hub, cache="disk")[0]
    remount("ro")
    assert fetch(hub, cache="disk")[0] == folder  # it is all there
    end(start(hub, "embed", "--model", NAME, "--text", "x", "--out", "e.npy", cache="disk"))
    hub.commit = "c" * 40
    refused(hub, "Read-only file system", cache="disk")
with Hub() as hub:  # something else where a folder or a file should be
    open("file", "w").close()
    refused(hub, "'file' is a file (set HF_HOME", HF_HUB_CACHE="file/hub")
    os.makedirs(repo_cache_dir("odd") + "/blobs")
    os.mkfifo(f"{repo_cache_dir('odd')}/blobs/{git_sha1(hub.files['config.json'])}.incomplete")
    refused(hub, "is not a regular file", cache="odd")
E
}

# ---- proxies and TLS ------------------------------------------------------------------------------

test_proxy() {
    py_with_hub <<'E'
with Hub() as hub:
    # the hub is reachable through the proxy only
    fetch(hub, HF_ENDPOINT="http://hub.invalid", http_proxy=hub.address, no_proxy="127.0.0.1",
          HF_TOKEN="hf_secret")
    assert assert_cache_complete(hub)
    assert hub.log[0]["path"].startswith("http://hub.invalid/laion/"), hub.log[0]
    refused(hub, "cannot be reached", HF_ENDPOINT="http://hub.invalid", http_proxy=hub.address,
            no_proxy="hub.invalid", cache="none")
E
}

test_https() {
    command -v openssl >/dev/null || skip "no openssl to make a certificate"
    # The address also as a name: Mbed TLS, which the wheel has, does not compare addresses.
    openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 \
        -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1,DNS:127.0.0.1 2>/dev/null
    py_with_hub <<'E'
import ssl

with Hub() as hub:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain("cert.pem", "key.pem")
    hub.secure(0, context)
    refused(hub, "cannot be verified")
    # redirects from https to http are not followed
    refused(hub, "is a redirect from https to an unencrypted URL", SSL_CERT_FILE="cert.pem")
    assert not hub.requests_for("GET", "model.safetensors", "store")
    hub.secure(1, context)
    fetch(hub, SSL_CERT_FILE="cert.pem")
    assert assert_cache_complete(hub)
    refused(hub, "certificate", SSL_CERT_FILE="no-such.pem", cache="none")
E
}

# ---- command lines --------------------------------------------------------------------------------

test_command_line() {
    run model fetch --json
    assert_failure 2
    assert_stderr "'--json' applies to 'info' only"
    run model info "$MINI" --retries 1
    assert_failure 2
    assert_stderr "apply to 'fetch' only"
    run model fetch a/b c
    assert_failure 2
    assert_stderr "unexpected argument 'c'"
    run model fetsch
    assert_failure 2
    assert_stderr "did you mean 'fetch'?"
}

# On a terminal there is a status line; elsewhere notes have a date.
test_progress() {
    py_with_hub <<'E'
import pty

with Hub() as hub:
    hub.on("store GET", "model.safetensors", slow(200000, 0.15))
    master, slave = pty.openpty()
    run = subprocess.Popen([PATINA, "model", "fetch"], stdout=subprocess.PIPE, stderr=slave,
                           env=hub.environment("cache", TERM="xterm"))
    os.close(slave)
    shown = b""
    try:
        while chunk := os.read(master, 4096):
            shown += chunk
    except OSError:  # the end of a terminal
        pass
    assert run.wait() == 0
    lines = re.findall(r"\r\x1b\[Kmodel\.safetensors: (\d+\.\d) of (\d+\.\d) MB", shown.decode())
    assert len(lines) >= 3, shown
    total = sum(len(b) for n, b in hub.files.items() if n != "tokenizer_config.json") / 1e6
    assert {float(t) for _, t in lines} == {round(total, 1)}, lines
    assert sorted(float(d) for d, _ in lines) == [float(d) for d, _ in lines], lines
    assert re.search(rb"MB, \d\.\d MB/s, \d+ s left", shown), shown[-600:]
    hub.on("HEAD", "config.json", status(500), times=1)
    said = fetch(hub, cache="plain")[1]
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ note: .*responds with 500 .*; trying again in 1 s",
                    said), said
    assert fetch(hub, "--quiet", cache="plain")[1] == ""
E
}

# ---- data sets --------------------------------------------------------------------------------------

# A hub with one data set: a tar of clips, a table beside it, and names that need escapes.
DATASET_HUB='
import io, tarfile

def dataset_hub():
    hub = Hub()
    hub.is_dataset, hub.name = True, "some-lab/clips"
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        for clip in "misc_crow.flac", "ambi_choir.flac":
            archive.add(DEMO + "/clips/" + clip, clip)
            for end, body in (".txt", b"a sound of " + clip.encode()),:
                info = tarfile.TarInfo(clip[:-5] + end)
                info.size = len(body)
                archive.addfile(info, io.BytesIO(body))
    hub.files = {"data/train-0.tar": tar.getvalue(), "README.md": b"# clips\n",
                 "data/deeper/a b#1.txt": b"text", "data/test-0.txt": b"test"}
    return hub
'

test_dataset_fetch_and_use() {
    with_huggingface_hub <<E
$DATASET_HUB
with dataset_hub() as hub:
    folder = os.path.join(os.path.abspath("cache"), "hub", "datasets--some-lab--clips", "snapshots", hub.commit)
    printed, said = end(start(hub, "fetch", "dataset", "some-lab/clips"))
    assert printed == folder + "\n" and "4 files" in said and "hf://datasets/some-lab/clips" in said, (printed, said)
    for name, body in hub.files.items():
        assert open(os.path.join(folder, name), "rb").read() == body, name
    hub.reset()
    printed, said = end(start(hub, "fetch", "dataset", "some-lab/clips"))
    assert printed == folder + "\n" and "already complete" in said, said
    assert len(hub.log) == 1 and "/api/" in hub.log[0]["path"], hub.log
    # huggingface_hub finds all of it
    check = ("import huggingface_hub as h\n"
             f"assert h.snapshot_download('some-lab/clips', repo_type='dataset') == {folder!r}\n"
             "found = h.scan_cache_dir()\nassert not found.warnings, found.warnings\n"
             "repo, = found.repos\nassert (repo.repo_id, repo.repo_type) == ('some-lab/clips', 'dataset')\n")
    subprocess.run([sys.executable, "-c", check], check=True, env=hub.environment("cache"))
    assert not [e for e in hub.log if e["method"] == "GET" and "/resolve/" in e["path"]], hub.log
    # generate reads it by name, without a request
    hub.reset()
    for corpus in "hf://datasets/some-lab/clips/data", f"hf://datasets/some-lab/clips@{hub.commit}/data/train-0.tar":
        end(start(hub, "generate", "--corpus", corpus, "--model", MINI, "--out", "set", "--overwrite"))
        assert json.load(open("set/dataset.json"))["rows"] == 2
    assert hub.log == []
    # offline
    printed, _ = end(start(hub, "fetch", "dataset", "some-lab/clips", HF_HUB_OFFLINE="1"))
    assert printed == folder + "\n"
E
}

test_dataset_of_python() {
    with_huggingface_hub <<E
$DATASET_HUB
with dataset_hub() as hub:
    program = "import huggingface_hub as h; h.snapshot_download('some-lab/clips', repo_type='dataset')"
    subprocess.run([sys.executable, "-c", program], check=True, env=hub.environment("whole"))
    hub.reset()
    end(start(hub, "generate", "--corpus", "hf://datasets/some-lab/clips/data/train-0.tar", "--model", MINI,
              "--out", "set", cache="whole"))
    end(start(hub, "fetch", "dataset", "some-lab/clips", cache="whole"))
    assert not [e for e in hub.log if "/resolve/" in e["path"]], hub.log
E
}

test_dataset_in_corpora_file() {
    py_with_hub <<E
$DATASET_HUB
with dataset_hub() as hub:
    end(start(hub, "fetch", "dataset", "some-lab/clips"))
    hub.reset()
    with open("all.yaml", "w") as out:
        out.write("- hf://datasets/some-lab/clips/data\\n"
                  "- {corpus: 'hf://datasets/some-lab/clips/data/train-0.tar', prefix: b}\\n")
    end(start(hub, "generate", "--corpora", "all.yaml", "--model", MINI, "--out", "set"))
    assert json.load(open("set/dataset.json"))["rows"] == 4
    with open("all.yaml", "w") as out:
        out.write("- hf://datasets/some-lab/other\\n")
    _, said = end(start(hub, "generate", "--corpora", "all.yaml", "--model", MINI, "--out", "no"), status=1)
    assert "run 'patina fetch dataset some-lab/other'" in said, said
    assert hub.log == []
E
}

test_dataset_pattern_and_faults() {
    py_with_hub <<E
$DATASET_HUB
def refused_dataset(sentence, *words, **more):
    process = start(hub, *words, **more)
    out, said = process.communicate()
    assert process.returncode in (1, 2) and sentence in said, (process.returncode, said)

with dataset_hub() as hub:
    folder = end(start(hub, "fetch", "dataset", "some-lab/clips", "--pattern", "data/t*.txt"))[0].strip()
    files = sorted(os.path.relpath(os.path.join(where, name), folder)
                   for where, _, names in os.walk(folder) for name in names)
    assert files == ["data/test-0.txt"], files
    # resumed after a broken connection, and after a server that is busy
    hub.on("store GET", "data/train-0.tar", disconnect_after(1000), times=1)
    hub.on("api", "", status(503), times=1)
    end(start(hub, "fetch", "dataset", "some-lab/clips", "--pattern", "*.tar"))
    assert open(os.path.join(folder, "data/train-0.tar"), "rb").read() == hub.files["data/train-0.tar"]
    ranges = [e["range"] for e in hub.log if e["method"] == "GET" and e["path"].startswith("/data/train-0.tar")]
    assert ranges[-1] == "bytes=1000-", ranges
    refused_dataset("none of its 4 files matches", "fetch", "dataset", "some-lab/clips", "--pattern", "*.mp3")
    refused_dataset("no such data set", "fetch", "dataset", "some-lab/other")
    refused_dataset("has no revision 'v9'", "fetch", "dataset", "some-lab/clips@v9")
    refused_dataset("not a name of a data set", "fetch", "dataset", "clips")
    refused_dataset("run 'patina fetch dataset some-lab/clips'", "generate", "--corpus",
                    "hf://datasets/some-lab/clips", "--model", MINI, "--out", "set", cache="none")
    # a damaged file gets no name
    hub.on("GET", "README.md", replace_body(lambda body: b"x" + body[1:]))
    refused_dataset("damaged in transfer", "fetch", "dataset", "some-lab/clips", "--retries", "0")
    assert not os.path.exists(os.path.join(folder, "README.md"))
    # paths that leave the folder
    hub.reset()
    hub.files["../../../evil"] = b"evil"
    refused_dataset("contains the path", "fetch", "dataset", "some-lab/clips", cache="evil")
    assert not [name for _, _, names in os.walk("evil") for name in names if "evil" in name]
E
}
