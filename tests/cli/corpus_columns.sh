# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# corpus_columns.sh - names of columns, values of fields and names of files as published lists have them

# Each case is a list, its audio files, further arguments, and the captions of its rows.
test_lists() {
    py <<'E'
A = ["a.wav", "b.wav"]
ONE_TWO = ["one", "uno", "two"]
CASES = {
    # columns
    "utf16.tsv": ("\ufeffFile Name\tCaption\na.wav\tone\nb.wav\ttwo\n".encode("utf-16-le"), A, [], ["one", "two"]),
    "repeated.csv": ("filename,caption,caption\na.wav,one,uno\nb.wav,two,\n", A, [], ONE_TWO),
    "pandas.csv": (",filename,caption,caption.1\n0,a.wav,one,uno\n1,b.wav,two,\n", A, [], ONE_TWO),
    "numbers.csv": ("File-Name,Caption 2,Caption 1\r\na.wav,uno,one\r\nb.wav,,two\r\n", A, [], ONE_TWO),
    "words.csv": ("path,caption_id,caption_writing,caption_summary\na.wav,7,one,uno\nb.wav,8,two,\n", A, [], ONE_TWO),
    "further.csv": ("file,caption,caption2,caption_length\na.wav,one,uno,3\nb.wav,two,,3\n", A, [], ONE_TWO),
    "further.jsonl": ('{"audio": "a.wav", "caption": "one", "caption_2": "uno"}\n{"audio": "b.wav", "caption": "two"}\n', A, [],
                      ONE_TWO),
    "chosen.csv": ("file,x,y\na.wav,one,uno\nb.wav,two,\n", A, ["--caption-column", "x,y"], ONE_TWO),
    # fields
    "python.csv": ("file,caption\na.wav,\"['one', 'uno']\"\nb.wav,\"[\"\"two\"\"]\"\n", A, [], ONE_TWO),
    "labels.csv": ("file,labels\na.wav,\"['dog', 'cat, big']\"\nb.wav,cow; pig\n", A, [],
                   ["The sound of dog and cat, big", "The sound of cow and pig"]),
    "arrays.csv": ("file,tags\na.wav,['dog' 'cat']\nb.wav,[cow]\n", A, [],
                   ["The sound of dog and cat", "The sound of cow"]),
    "events.tsv": ("filename\tonset\toffset\tevent_label\na.wav\t0\t1\tdog\na.wav\t1\t2\tcat\na.wav\t2\t3\tdog\n", A, [],
                   ["The sound of dog", "The sound of cat"]),
    # file names
    "zeros.csv": ("track_id,caption\n2,one\n00137,two\n", ["0/000002.wav", "1/137.wav"], [], ["one", "two"]),
    "moved.csv": ("path,caption\n/home/me/clips/a.wav,one\nC:\\data\\clips\\b.wav,two\n", ["clips/a.wav", "clips/b.wav"], [],
                  ["one", "two"]),
    "case.csv": ("path,caption\nDOG.WAV,one\nhttps://example.org/b.wav?x=1,two\n", ["dog.wav", "b.wav"], [], ["one", "two"]),
    "moved.jsonl": ('{"Audio_Path": "/data/x/clips/a.wav", "caption_2": "uno", "caption_1": "one"}\n'
                    '{"audio": {"path": "b"}, "description": "two"}\n', ["clips/a.wav", "clips/b.flac"], [], ONE_TWO),
    # splits
    "splits.csv": ("file,caption,Subset\na.wav,one,train\nb.wav,two,val\n", A, ["--source-split", "validation"], ["two"]),
    "splits.jsonl": ('{"audio": "a.wav", "caption": "one", "split": "train"}\n'
                     '{"audio": "b.wav", "caption": "two", "split": "test"}\n', A, ["--source-split", "test"], ["two"]),
    "list.json": ('[{"file": "a.wav", "captions": ["one", "uno"], "split": "train"},\n'
                  ' {"file": "b.wav", "captions": ["two"], "split": "test"}]', A, ["--source-split", "train"], ["one", "uno"]),
}
for number, (name, (text, audio, arguments, expected)) in enumerate(CASES.items()):
    folder = f"case-{number}"
    os.makedirs(folder)
    with open(f"{folder}/{name}", "wb") as out:
        out.write(text if isinstance(text, bytes) else text.encode())
    for i, clip in enumerate(audio):
        os.makedirs(os.path.dirname(f"{folder}/{clip}"), exist_ok=True)
        write_wav(f"{folder}/{clip}", tone(24000 + i), rate=48000)
    patina("generate", "-q", "--corpus", f"{folder}/{name}", "--model", MINI, "--out", f"{folder}/set", "--format", "jsonl",
           *arguments)
    got = [p["caption"] for p in read_provenance(f"{folder}/set")]
    assert got == expected, (name, got)
E
}

# Another file of the same name is not the file of a row.
test_folders_of_a_name_must_exist() {
    py <<'E'
os.makedirs("fold2")
write_wav("fold2/a.wav", tone(24000), rate=48000)
with open("t.csv", "w") as out:
    out.write("path,caption\nfold1/a.wav,wrong\nfold2/a.wav,right\n")
patina("generate", "-q", "--corpus", "t.csv", "--model", MINI, "--out", "set", "--format", "jsonl")
assert [p["caption"] for p in read_provenance("set")] == ["right"]
assert [(r["entry"], r["reason"]) for r in read_rejects("set")] == [("fold1/a.wav", "missing")]
E
}

test_splits_in_a_column() {
    py <<'E'
write_wav("a.wav", tone(24000), rate=48000)
write_wav("b.wav", tone(24001), rate=48000)
with open("t.csv", "w") as out:
    out.write("file,caption,split\na.wav,one,train\nb.wav,two,test\n")
with open("latin.csv", "wb") as out:
    out.write(b"file,caption\na.wav,caf\xe9\n")
E
    generate --corpus t.csv --out both --format jsonl
    assert_stderr "the corpus has several splits, and all are used: train, test; '--source-split' selects one"
    run generate --corpus t.csv --model "$MINI" --out no --source-split validation
    assert_status 1
    assert_stderr "no row belongs to split 'validation'; the splits are: train, test"
    run generate --corpus latin.csv --model "$MINI" --out no
    assert_status 1
    assert_stderr "the first because its caption is invalid: not UTF-8"
}

# Quotes of a table that was written without quoting are text; words for a missing value, nulls of lists and empty lists
# are no captions; names may have percent escapes, also in addresses; a list may have objects.
test_what_programs_write() {
    py <<'E'
os.mkdir("audio")
names = ["a", "b c", "d#1", "e%", "f", "g"]
for i, name in enumerate(names):
    write_wav(f"audio/{name}.wav", tone(24000 + i, rate=48000), rate=48000)
def write(path, lines):
    with open(path, "w") as out:
        out.writelines(line + "\n" for line in lines)
write("quotes.tsv", ["file\tcaption", 'a.wav\t"Yes," she said', 'f.wav\tsaid "no"', 'g.wav\t"one', 'line"'])
write("missing.csv", ["file,caption", "a.wav,NaN", 'f.wav,"[""x"", null, ""y""]"', "g.wav,\"['z', None, nan]\"", "e%.wav,[]"])
write("names.csv", ["file,caption", "b%20c.wav,one", "https://example.org/x/d%231.wav?dl=1,two", "e%.wav,three"])
write_jsonl("objects.jsonl", [{"audio": "audio/a.wav", "captions": [{"caption": "one"}, {"text": "two"}]}])
def captions(corpus):
    patina("generate", "--corpus", corpus, "--model", MINI, "--out", corpus + ".set", "--format", "jsonl")
    return ([p["caption"] for p in read_provenance(corpus + ".set")],
            [(r["entry"], r["reason"]) for r in read_rejects(corpus + ".set")])
assert captions("quotes.tsv") == (['"Yes," she said', 'said "no"', "one\nline"], []), captions("quotes.tsv")
assert captions("missing.csv") == (["x", "y", "z"], [("a.wav", "bad_caption"), ("e%.wav", "bad_caption")]), captions("missing.csv")
assert captions("names.csv") == (["one", "two", "three"], []), captions("names.csv")
assert captions("objects.jsonl") == (["one", "two"], []), captions("objects.jsonl")
E
}

# With a caption template the kind is one that has the labels, if there is one.
test_label_of_a_template() {
    py <<'E'
for name in "a", "b":
    write_wav(name + ".wav", tone(24000 + ord(name), rate=48000), rate=48000)
with open("list.csv", "w") as out:
    out.write('fname,labels\na.wav,"dog,cat,rain"\nb.wav,bird\n')
with open("other.csv", "w") as out:
    out.write("fname,speaker\na.wav,Ann\n")
for corpus, template, expected in (("list.csv", "I hear {label}", ["I hear dog, cat and rain", "I hear bird"]),
                                   ("other.csv", "{speaker} speaks", ["Ann speaks"])):
    patina("generate", "--corpus", corpus, "--caption-template", template, "--model", MINI, "--out", corpus + ".set",
           "--format", "jsonl")
    captions = [p["caption"] for p in read_provenance(corpus + ".set")]
    assert captions == expected, captions
E
}
