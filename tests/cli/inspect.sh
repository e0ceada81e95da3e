# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# inspect.sh - statistics, rows and the report of a data set

# A small data set in both formats; three files each, two captions on some clips.
make_datasets() {
    local format
    for format in parquet jsonl; do
        generate --corpus "$DEMO/manifest.jsonl" --out "$format" --format "$format" --variants 2 \
            --chunk 5 --seed 4 --quiet
    done
}

# Every statistic, recomputed in Python from the JSON Lines data set.
test_figures() {
    make_datasets
    run inspect parquet --json
    assert_status 0
    mv "$WORK/stdout" parquet.json
    run inspect jsonl --json
    assert_status 0
    mv "$WORK/stdout" jsonl.json
    py <<'E'
import glob
rows, lines = [], []
for name in sorted(glob.glob("jsonl/data/*")):
    with open(name, encoding="utf-8") as file:
        rows += [json.loads(line) for line in file]
    with open(name.replace("/data/", "/provenance/"), encoding="utf-8") as file:
        lines += [json.loads(line) for line in file]

def quantile(values, p):
    v, place = sorted(values), (len(values) - 1) * p
    low = int(place)
    return v[low] + (place - low) * (v[min(low + 1, len(v) - 1)] - v[low])

def check(got, values, bar):
    assert got["n"] == len(values), (got, len(values))
    if not values:
        return
    for name, p in ("min", 0), ("p5", .05), ("p25", .25), ("median", .5), ("p75", .75), \
            ("p95", .95), ("max", 1):
        assert_near(got[name], quantile(values, p), bar, name)
    mean = sum(values) / len(values)  # of floats printed in nine digits
    assert_near(got["mean"], mean, 1e-5 + 1e-7 * abs(mean), "mean")

with open("parquet.json", encoding="utf-8") as a, open("jsonl.json", encoding="utf-8") as b:
    both = json.load(a), json.load(b)
for got in both:
    assert got["rows"] == len(rows) == len(lines) == 34
    assert [(s["name"], s["files"], s["rows"]) for s in got["splits"]] == [("train", 3, 34)]
    assert [(c["name"], c["length"]) for c in got["columns"]] == \
        list(zip(COLUMNS, [1024, 64, 1, 2, 1]))
    columns = {"target_lufs": [r["target_lufs"] for r in rows],
               "target_dyn[0]": [r["target_dyn"][0] for r in rows],
               "target_dyn[1]": [r["target_dyn"][1] for r in rows],
               "input_purity": [r["input_purity"] for r in rows]}
    assert list(got["targets"]) == list(columns)
    # Recordings count once, with their first row; rows of both captions of an entry belong to one.
    first = {}
    for i, line in enumerate(lines):
        first.setdefault(line["source"], i)
    assert got["recordings"] == len(first) == 14
    captions = [line["caption"] for line in lines]
    assert got["captions"]["distinct"] == len(set(captions))
    check(got["captions"]["words"], [len(caption.split()) for caption in captions], 1e-6)
    for name, values in columns.items():
        of = got["targets"][name]["recordings"]
        check(of["quantiles"], [values[i] for i in first.values()], 1e-6)
        assert sum(of["histogram"]["counts"]) == 14
        check(got["splits"][0]["targets"][name], values, 1e-6)
        for other, others in columns.items():
            mean_a, mean_b = sum(values) / len(values), sum(others) / len(others)
            def covariance(a, b, mean_of_a, mean_of_b):
                return sum((x - mean_of_a) * (y - mean_of_b) for x, y in zip(a, b))
            wanted = covariance(values, others, mean_a, mean_b) / math.sqrt(
                covariance(values, values, mean_a, mean_a) * covariance(others, others, mean_b, mean_b))
            assert_near(got["correlation"][name][other], wanted, 1e-6, (name, other))
    for name, values in columns.items():
        check(got["targets"][name]["quantiles"], values, 1e-6)
        edges = got["targets"][name]["histogram"]["edges"]
        counts = got["targets"][name]["histogram"]["counts"]
        last = len(counts) - 1
        assert counts == [sum(edges[i] <= v and (v < edges[i + 1] or i == last) for v in values)
                          for i in range(len(counts))], name
        assert sum(counts) == len(values) and edges[0] <= min(values) and edges[-1] >= max(values)
    for b, band in enumerate(got["ltas"]["bands"]):
        assert_near(band["hz"], 10 ** (1.175 + 0.05 * b), 1e-4 * band["hz"], "hz")
        check(band["quantiles"], [r["target_ltas"][b] for r in rows if r["target_ltas"][b] > -120],
              0.00501)
    assert [o["hz"] for o in got["ltas"]["octaves"]] == \
        [16, 31.5, 63, 125, 250, 500, 1000, 2000, 4000, 8000, 16000]
    for octave in got["ltas"]["octaves"]:  # bands whose centre is within half an octave of it
        bands = [b for b in range(64)
                 if abs(math.log10(10 ** (1.175 + 0.05 * b) / octave["hz"])) < 0.1505]
        assert len(bands) == (4 if octave["hz"] == 16 else 6), (octave["hz"], bands)
        sums = [sum(10 ** (r["target_ltas"][b] / 10) for b in bands if r["target_ltas"][b] > -120)
                for r in rows]
        check(octave["quantiles"], [10 * math.log10(s) for s in sums if s > 0], 0.00501)
    quality = [line["source_quality"] for line in lines]
    for name, entry in got["source_quality"].items():
        if name != "codecs":
            values = [q[name] for q in quality]
            check(entry["quantiles"], values, 1e-6 * max(1, max(map(abs, values))))
            assert sum(entry["histogram"]["counts"]) == len(values), name
    codecs = [q["codec"] + (", lossy" if q["lossy"] else f", {q['bits']} bits") for q in quality]
    assert got["source_quality"]["codecs"] == {c: codecs.count(c) for c in codecs}, codecs
    names = ["comb", "mud", "sibilance", "noise", "clip", "pops"]
    chains = [{stage["fx"] for stage in line["chain"]} for line in lines]
    assert got["effects"] == {n: sum(n in c for c in chains) for n in names}
    assert got["together"] == [[sum(a in c and b in c for c in chains) for b in names]
                               for a in names]
    assert sorted((sorted(c["effects"]), c["rows"]) for c in got["combinations"]) == \
        sorted((sorted(s), chains.count(set(s))) for s in {frozenset(c) for c in chains})
    for half, name in enumerate(("text", "audio")):
        vectors = [r["fused_state"][512 * half:512 * half + 512] for r in rows]
        norms = [math.sqrt(sum(x * x for x in v)) for v in vectors]
        e = got["embeddings"][name]
        assert_near(e["norm_min"], min(norms), 1e-6, name)
        assert_near(e["norm_max"], max(norms), 1e-6, name)
        mean = [sum(v[d] for v in vectors) / len(vectors) for d in range(512)]
        assert_near(e["mean_cosine"], sum(m * m for m in mean), 1e-5, name)
    cosines = [sum(a * b for a, b in zip(r["fused_state"][:512], r["fused_state"][512:]))
               for r in rows]
    assert_near(got["embeddings"]["mean_cosine_of_halves"], sum(cosines) / len(rows), 1e-5, "halves")
    assert got["rejects"] == {}
    assert got["dataset"]["program"] == "patina" and got["dataset"]["rows"] == 34
both[0].pop("dataset"), both[1].pop("dataset")
for got in both:
    got.pop("bytes"), [s.pop("bytes") for s in got["splits"]]
assert both[0] == both[1]
E
}

test_text() {
    make_datasets
    run inspect parquet
    assert_status 0
    for text in "34 rows in 3 files" UNTRAINED fused_state "loudness, LUFS" "16000 Hz" "purity, dB" \
        "noise floor" "codec of the source" \
        "none (clean)" "caption embedding" "no rejects" "settings_hash" "suite"; do
        assert_stdout "$text"
    done
    if grep -v -E 'sha256|hash|^parquet' "$WORK/stdout" | grep -E '^.{121}'; then fail "too wide"; fi
}

# A data set with very many parts has a large dataset.json.
test_long_account() {
    make_datasets
    py <<'E'
with open("jsonl/dataset.json", encoding="utf-8") as file:
    text = file.read()
with open("jsonl/dataset.json", "w", encoding="utf-8") as out:
    out.write(text.replace("{", "{" + " " * (20 << 20), 1))
E
    run inspect jsonl
    assert_status 0
}

test_rejects_and_splits() {
    py <<'E'
write_jsonl("m.jsonl", [{"audio": DEMO + "/clips/perc_bell.wav", "caption": "a <b>bell</b>"},
                        {"audio": "gone.wav", "caption": "nothing"},
                        {"audio": DEMO + "/clips/misc_crow.flac", "caption": "   "}])
E
    generate --corpus m.jsonl --out out --quiet
    run inspect out
    assert_status 0
    assert_stdout "missing"
    assert_stdout "bad_caption"
    # a second split
    mkdir two
    cp -r out/* two/
    for folder in data provenance; do
        for file in "two/$folder/"*; do
            cp "$file" "${file/train-/validation-}"
        done
    done
    sed -i 's/"rows": 1,/"rows": 2,/; s/"parts": 1,/"parts": 2,/' two/dataset.json
    run inspect two --json
    assert_status 0
    py <<'E'
with open("stdout", encoding="utf-8") as file:
    got = json.load(file)
assert [(s["name"], s["rows"]) for s in got["splits"]] == [("train", 1), ("validation", 1)], got
assert got["rejects"] == {"missing": 1, "bad_caption": 1} and got["rows"] == 2
E
    # rejects only
    sed -i 1d m.jsonl
    run generate --corpus m.jsonl --model "$MINI" --out none --quiet
    assert_status 1
    run inspect none
    assert_status 0
    assert_stdout "0 rows in 0 files"
    run inspect none --report none.html
    assert_status 0
    [ -s none.html ] || fail "no page"
    run inspect none --row 0
    assert_failure 1
    assert_stderr "has 0 rows"
}

# A row equals the row of the file and its provenance line.
test_row() {
    make_datasets
    for format in parquet jsonl; do
        for n in 0 11 12 33; do
            run inspect $format --row $n --json
            assert_status 0
            mv "$WORK/stdout" $format-$n.json
        done
    done
    run inspect parquet --row 12
    assert_stdout "degradation"
    assert_stdout '"entry"'
    run inspect parquet --row 34
    assert_failure 1
    assert_stderr "'parquet' has 34 rows, counted from 0; row 34 does not exist"
    py <<'E'
import glob
rows, lines = [], []
for name in sorted(glob.glob("jsonl/data/*")):
    with open(name, encoding="utf-8") as file:
        rows += [(name, i, json.loads(line)) for i, line in enumerate(file)]
    with open(name.replace("/data/", "/provenance/"), encoding="utf-8") as file:
        lines += [json.loads(line) for line in file]
for n in 0, 11, 12, 33:
    for form in "parquet", "jsonl":
        with open(f"{form}-{n}.json", encoding="utf-8") as file:
            got = json.load(file)
        name, at, row = rows[n]
        assert (got["row"], got["row_in_file"]) == (n, at)
        assert got["file"].split(".")[0] == os.path.basename(name).split(".")[0]
        assert {column: got[column] for column in COLUMNS} == row
        assert got["provenance"] == lines[n]
        assert_near(got["norm_text"], 1, 1e-5), assert_near(got["norm_audio"], 1, 1e-5)
        assert len([w for w in got["words"].split("\n") if w]) == len(lines[n]["chain"])
E
}

# An incomplete data set is reported in one sentence, by every form of the command.
test_damaged() {
    make_datasets
    damaged() { # SENTENCE [STATUS]: of the set in 'bad'
        run inspect bad
        assert_failure "${2:-1}"
        assert_stderr "$1"
        run inspect bad --report page.html
        assert_failure "${2:-1}"
        assert_stderr "$1"
        [ ! -e page.html ] || fail "a page was written"
        rm -rf bad
        cp -r jsonl bad
    }
    cp -r jsonl bad
    rm bad/dataset.json
    damaged "folder 'bad': contains no patina data set" 2
    rm bad/dataset.json
    mkdir bad/.patina
    : >bad/.patina/plan.json
    damaged "the data set is unfinished; run the same"
    echo '{"rows": ' >bad/dataset.json
    damaged "file 'bad/dataset.json': line"
    rm bad/data/train-00001-*
    damaged "dataset.json lists 3 data files, but data/ has 2"
    sed -i '$d' bad/provenance/train-00001-*
    damaged "is in data/ but not in provenance/"
    sed -i '$d' bad/data/train-00001-*
    damaged "is in provenance/ but not in data/"
    rm bad/provenance/train-00002-*
    damaged "not found"
    sed -i '$d' bad/data/train-00002-* bad/provenance/train-00002-*
    damaged "dataset.json lists 34 rows, but its files have 33"
    sed -i '2s/"purity_db": [-0-9.]*/"purity_db": 3.25/' bad/provenance/train-00000-*
    damaged "line 2: purity_db is 3.2500"
    sed -i '3s/"fx": "[a-z]*"/"fx": "echo"/' bad/provenance/train-00000-*
    damaged "line 3: chain"
    sed -i '3s/"chain"/"chein"/' bad/provenance/train-00000-*
    damaged "line 3: chain"
    sed -i '1s/^/x/' bad/provenance/train-00000-*
    damaged "line 1"
    sed -i '4s/"target_lufs"/"target_lofs"/' bad/data/train-00000-*
    damaged "train-00000"
    rm -rf bad
    cp -r parquet bad
    for file in bad/data/train-00002-*; do truncate -s -100 "$file"; done
    damaged "train-00002"
    for command in inspect verify finish; do
        run $command nowhere
        assert_failure 2
        assert_stderr "folder 'nowhere': does not exist; give the folder that 'patina generate"
        run $command jsonl/dataset.json
        assert_failure 2
        assert_stderr "folder 'jsonl/dataset.json': is a file"
    done
    run inspect jsonl --report page.html --audio-root nowhere
    assert_failure 2
    assert_stderr "option '--audio-root': 'nowhere' is not a folder"
}

test_options_refused() {
    run inspect
    assert_failure 2
    run inspect out --report x.html --json
    assert_failure 2
    assert_stderr "'--json' and '--report' exclude each other"
    run inspect out --audio-root x
    assert_failure 2
    assert_stderr "'--audio-root' needs '--report FILE'"
}

# The report is well-formed, complete, self-contained and reproducible, and captions cannot inject
# markup.
test_report() {
    py <<'E'
hostile = "</p><script>alert(1)</script> \" ' & <img src=x onerror=alert(2)> \u202e \u0007 ]]>"
clips = sorted(os.listdir(DEMO + "/clips"))
write_jsonl("clips.jsonl", [{"audio": "clips/" + name, "caption": hostile} for name in clips])
E
    ln -s "$DEMO/clips" clips
    generate --corpus clips.jsonl --out out --variants 3 --seed 8 --quiet
    run inspect out --report one.html --audio-root .
    assert_status 0
    assert_stdout "12 examples, 12 of them with audio"
    run inspect out --report two.html --corpus clips.jsonl
    assert_status 0
    assert_same_dirs one.html two.html
    run inspect out --report silent.html
    assert_status 0
    assert_stdout "12 examples, 0 of them with audio"
    assert_stderr "--audio-root DIR"
    mkdir empty
    run inspect out --report lost.html --audio-root empty
    assert_status 0
    assert_stderr "below the audio root"
    py <<'E'
import base64, hashlib, re
import html.parser
import xml.etree.ElementTree as xml
X = "{http://www.w3.org/1999/xhtml}"

class Parser(html.parser.HTMLParser):
    """Asserts that tags are closed in order, as a browser parses them."""
    def __init__(self):
        super().__init__()
        self.open, self.tags = [], []
    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.tags.append((tag, dict(attrs)))
    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, tag

for page in "one.html", "silent.html", "lost.html":
    assert os.path.getsize(page) < 10e6
    with open(page, encoding="utf-8") as file:
        text = file.read()
    tree = xml.fromstring(text.split("\n", 1)[1])  # XML does not know the doctype's short form
    parser = Parser()
    parser.feed(text)
    assert not parser.open
    tags = [element.tag.replace(X, "") for element in tree.iter()]
    assert tags == [tag for tag, _ in parser.tags]
    assert not {"iframe", "object", "embed", "base", "form"} & set(tags)
    # One script, the one of the policy's hash: whatever captions contain, no other one runs.
    scripts = [e.text for e in tree.iter(X + "script")]
    digest = base64.b64encode(hashlib.sha256(re.search("<script>(.*?)</script>", text, re.S)[1].encode()).digest())
    assert len(scripts) == 1 and f"script-src 'sha256-{digest.decode()}'" in text
    assert "unsafe-inline" not in re.search("script-src [^;]*;", text)[0]
    table, = [e for e in tree.iter(X + "table") if e.get("id") == "rows-table"]
    listed = [[c.text for c in row] for row in table.find(X + "tbody")]
    assert len(listed) == 42 and [int(row[0]) for row in listed] == list(range(42))
    assert all("<script>alert(1)</script>" in row[2] for row in listed)
    ids = [e.get("id") for e in tree.iter() if e.get("id")]
    assert len(ids) == len(set(ids))
    for tag, attributes in parser.tags:
        assert not [name for name in attributes if name.startswith("on")], (tag, attributes)
        for name in "src", "href", "xlink:href", "data", "action":
            assert attributes.get(name, "#").startswith(("#", "data:")), attributes[name][:99]
        for name in ("aria-labelledby",):
            for wanted in attributes.get(name, "").split():
                assert wanted in ids, wanted
        if tag == "a":
            assert attributes["href"][1:] in ids, attributes
        if tag == "img":
            assert attributes["alt"]
        if tag == "audio":
            assert attributes["aria-label"] and attributes["controls"] is not None
        if tag == "svg" and attributes.get("aria-hidden") != "true":
            assert attributes["role"] == "img" and attributes["aria-labelledby"]
    assert "http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'" in text
    assert not re.search(r"(?i)url\(|@import|https?://(?!www\.w3\.org/1999/xhtml)", text)
    assert "lang" in parser.tags[0][1] and parser.tags[0][0] == "html"
    levels = [int(tag[1]) for tag in tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b <= a + 1 for a, b in zip(levels, levels[1:])), levels
    for table in tree.iter(X + "table"):
        assert table.find(X + "caption") is not None
    for svg in tree.iter(X + "svg"):
        if svg.get("role") == "img":
            assert svg.find(X + "title").text and svg.find(X + "desc").text
    captions = [q.text for q in tree.iter(X + "blockquote")]
    assert len(captions) == 12 and all("<script>alert(1)</script>" in c for c in captions)
    sounds = [e for e in tree.iter(X + "audio")]
    assert len(sounds) == (24 if page == "one.html" else 0)
E
}

# Captions of several recordings, splits beside each other, and samples that the reader chose.
test_report_rows() {
    py <<'E'
clips = sorted(os.listdir(DEMO + "/clips"))[:6]
write_jsonl("clips.jsonl", [{"audio": "clips/" + name, "caption": "a sound" if i < 4 else f"sound number {i}"}
                            for i, name in enumerate(clips)])
E
    ln -s "$DEMO/clips" clips
    generate --corpus clips.jsonl --out out --variants 2 --seed 8 --quiet --split train=0.5,test=0.5
    run inspect out --json
    mv "$WORK/stdout" got.json
    run inspect out --report page.html --audio-root . --samples 7,2,7
    assert_status 0
    assert_stdout "2 examples, 2 of them with audio"
    py <<'E'
import re
with open("got.json", encoding="utf-8") as file:
    got = json.load(file)
assert got["captions"]["distinct"] == 3 and got["captions"]["recordings_with_shared"] == 4
assert got["captions"]["most_shared"] == 4 and got["recordings"] == 6
rows = [json.loads(patina("inspect", "out", "--row", str(i), "--json")) for i in range(12)]
at = 0
for split in got["splits"]:
    mine = [row["target_lufs"] for row in rows[at:at + split["rows"]]]
    at += split["rows"]
    assert split["targets"]["target_lufs"]["n"] == split["rows"]
    if mine:
        assert_near(split["targets"]["target_lufs"]["mean"], sum(mine) / len(mine), 1e-5, split["name"])
with open("page.html", encoding="utf-8") as file:
    page = file.read()
shown = [int(n) for n in re.findall("row ([0-9]+)</span></header>", page)]
assert shown == [7, 2], shown
for n in shown:
    assert f"loudness \u2212{-rows[n]['target_lufs']:.2f} LUFS" in page, rows[n]["target_lufs"]
E
    run inspect out --report page.html --samples 12
    assert_failure 1
    assert_stderr "no row 12"
    for list in "" "1," 1,x -1 1,2,3,4,5,6,7,8,9,10,11,0,1; do
        run inspect out --report page.html --samples "$list"
        assert_failure 2
    done
    run inspect out --samples 1
    assert_failure 2
}

# The audio of the report, decoded and measured again, has the targets of its row and equals the output
# of 'degrade --recipe'.
test_report_sounds() {
    generate --corpus "$DEMO/manifest.jsonl" --out out --captions first --seed 3 --quiet
    run inspect out --report page.html --audio-root "$DEMO"
    assert_status 0
    py <<'E'
import base64
import xml.etree.ElementTree as xml
X = "{http://www.w3.org/1999/xhtml}"
with open("page.html", encoding="utf-8") as file:
    tree = xml.fromstring(file.read().split("\n", 1)[1])
whole, purities, entries = 0, [], set()
for article in tree.iter(X + "article"):
    recipe = json.loads(article.find(f".//{X}pre").text)
    purities.append(recipe["purity_db"])
    entries.add(recipe["entry"])
    for name, audio in zip(("pristine", "degraded"), article.iter(X + "audio")):
        kind, data = audio.get("src").split(",", 1)
        assert kind == "data:audio/flac;base64"
        with open(name + ".flac", "wb") as file:
            file.write(base64.b64decode(data, validate=True))
    got, = measure("pristine.flac")
    if got["rate_hz"] != 48000:
        continue
    whole += 1
    quieter = recipe["lufs_mono"] - got["lufs_mono"]  # where peaks are over full scale
    assert quieter < 0.02 or f"Played {quieter:.1f}" in "".join(article.itertext()), quieter
    write_jsonl("recipe.json", [recipe])
    patina("degrade", "--recipe", "recipe.json", f"{DEMO}/{recipe['source']}", "again.wav")
    page, = measure("degraded.flac")
    again, = measure("again.wav")
    assert page["frames"] == again["frames"]
    assert_near(page["lufs_mono"], again["lufs_mono"] - quieter, 0.02, recipe["entry"])
    assert_near(page["target_dyn"][0], again["target_dyn"][0], 0.02, recipe["entry"])
    # quantisation to 16 bits adds noise of -98 dB
    for a, b in zip(page["target_ltas"], again["target_ltas"]):
        assert abs(a - b + quieter) < 0.1 or max(a, b) < -85, (recipe["entry"], a, b)
assert whole >= 6 and len(purities) == 12 and len(entries) == 12
assert purities == sorted(purities, reverse=True)
E
}
