# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# corpus_options.sh - options of a corpus that do not fit it, and times of segments

refused() { # STATUS SENTENCE [ARGUMENT ...]
    local status=$1 sentence=$2
    shift 2
    run generate --model "$MINI" --out no "$@"
    assert_status "$status"
    assert_stderr "$sentence"
    [ ! -e no ] || fail "a refused run leaves a folder"
}

make_clips() {
    py <<'E'
os.makedirs("clips")
for i in range(3):
    write_wav(f"clips/c{i}.wav", tone((14 - i) * 8000, rate=8000), rate=8000)
with open("semi.csv", "w") as out:
    out.write("filename;caption;start;end\nclips/c0.wav;a dog;2,5;5,25\n")
    for row, (start, end) in enumerate([("abc", ""), ("-1", "4"), ("5", "5"), ("6", "3"), ("1", "x"), ("inf", ""),
                                        ("0x1", ""), ("1:-2", ""), ("1,2,3", "")]):
        out.write(f"clips/c1.wav;bad {row};{start};{end}\n")
    out.write("clips/c2.wav;whole;;\n")
with open("comma.csv", "w") as out:
    out.write('filename,caption,start,end\nclips/c0.wav,a dog,"2,5",\nclips/c1.wav,rain,00:01.5,00:00:03\n')
lines = [{"audio": f"clips/c{i}.wav", "caption": f"caption {i}"} for i in range(3)]
write_jsonl("m.jsonl", lines)
with open("list.json", "w") as out:
    json.dump(lines, out)
with open("german.csv", "w") as out:
    out.write("datei;beschreibung\nclips/c0.wav;Hund\n")
E
}

# A time that cannot be read rejects its row, and names the value.
test_times() {
    make_clips
    generate --corpus semi.csv --start-column start --end-column end --out semi --format jsonl
    generate --corpus comma.csv --start-column start --end-column end --out comma --format jsonl
    py <<'E'
rows = [(p["entry"], p["caption"], p["window"]["start"], p["window"]["frames"]) for p in read_provenance("semi")]
assert rows[0] == ("clips/c0.wav_2,5_5,25", "a dog", 20000, 22000), rows
assert len(rows) == 2 and rows[1][:2] == ("clips/c2.wav", "whole"), rows
rejects = [(r["reason"], r["sentence"]) for r in read_rejects("semi")]
assert {reason for reason, _ in rejects} == {"undecodable"}
assert [text for _, text in rejects] == [
    "line 3: start 'abc' is not a time", "line 4: start '-1' is not a time",
    "line 5: the end of the segment, 5 s, is not after its start, 5 s",
    "line 6: the end of the segment, 3 s, is not after its start, 6 s", "line 7: end 'x' is not a time",
    "line 8: start 'inf' is not a time", "line 9: start '0x1' is not a time", "line 10: start '1:-2' is not a time",
    "line 11: start '1,2,3' is not a time"], rejects
assert [r["sentence"] for r in read_rejects("comma")] == ["line 2: start '2,5' is not a time"]
assert [(p["window"]["start"], p["window"]["frames"]) for p in read_provenance("comma")] == [(12000, 12000)]
E
}

test_times_of_json_segments() {
    make_clips
    py <<'E'
segments = [(2.5, 5.25), ("2.5", "00:05.25"), ("abc", 3), (-1, 3), (4, 4), (True, 3), (1, [2]), (6, None)]
with open("s.json", "w") as out:
    json.dump({"audios": [{"path": "clips/c0.wav", "segments": [
        {"sid": f"s{i}", "text": f"text {i}", "begin_time": a, "end_time": b} for i, (a, b) in enumerate(segments)]}]}, out)
E
    generate --corpus s.json --out set --format jsonl
    py <<'E'
rows = [(p["entry"], p["window"]["start"], p["window"]["frames"]) for p in read_provenance("set")]
assert rows[:2] == [("s0", 20000, 22000), ("s1", 20000, 22000)], rows
assert rows[2][:2] == ("s7", 48000), rows
assert [(r["entry"], r["sentence"].split(": ", 1)[1]) for r in read_rejects("set")] == [
    ("s2", "start 'abc' is not a time"), ("s3", "start '-1' is not a time"),
    ("s4", "the end of the segment, 4 s, is not after its start, 4 s"), ("s5", "start 'true' is not a time"),
    ("s6", "end '[2]' is not a time")], read_rejects("set")
E
}

# Segments of one recording are different entries, also where only their ends differ. A row whose id names other
# seconds than the first row of the id, or none that can be read, loses its caption, with that reason.
test_segments_of_one_id() {
    make_clips
    printf 'filename,caption,start,end,id\nclips/c0.wav,one,1,3,a\nclips/c0.wav,two,1,5,a\n' >ends.csv
    printf 'clips/c0.wav,three,1,3,a\nclips/c0.wav,four,x,3,a\nclips/c0.wav,five,1,0.5,a\n' >>ends.csv
    printf 'clips/c1.wav,six,z,3,b\nclips/c1.wav,seven,1,3,b\n' >>ends.csv
    generate --corpus ends.csv --start-column start --end-column end --out set --format jsonl
    generate --corpus ends.csv --start-column start --end-column end --id-column id --out ids --format jsonl
    printf 'youtube_id,caption,start_time\n-hEns0Demo1,one,2\n-hEns0Demo1,two,6\n' >clip.csv
    cp clips/c0.wav ./-hEns0Demo1.wav
    generate --corpus clip.csv --corpus-kind autoacd --out clip --format jsonl
    py <<'E'
def rows(name):
    return [(p["entry"], p["caption"], p["window"]["start"], p["window"]["frames"]) for p in read_provenance(name)]
assert rows("set") == [("clips/c0.wav_1_3", "one", 8000, 16000), ("clips/c0.wav_1_3", "three", 8000, 16000),
                       ("clips/c0.wav_1_5", "two", 8000, 32000), ("clips/c1.wav_1_3", "seven", 8000, 16000)], rows("set")
assert [(r["entry"], r["reason"]) for r in read_rejects("set")] == [
    ("clips/c0.wav_x_3", "undecodable"), ("clips/c0.wav_1_0.5", "undecodable"), ("clips/c1.wav_z_3", "undecodable")]
assert rows("ids") == [("a", "one", 8000, 16000), ("a", "three", 8000, 16000), ("b", "seven", 8000, 16000)], rows("ids")
rejects = [(r["entry"], r["reason"], r["sentence"]) for r in read_rejects("ids")]
assert rejects == [
    ("a", "duplicate_id", "'clips/c0.wav' has the id of an earlier row, but a different segment of the recording"),
    ("a", "undecodable", "'clips/c0.wav': line 5: start 'x' is not a time"),
    ("a", "undecodable", "'clips/c0.wav': line 6: the end of the segment, 0.5 s, is not after its start, 1 s"),
    ("b", "undecodable", "'clips/c1.wav': line 7: start 'z' is not a time")], rejects
assert [p["entry"] for p in read_provenance("clip")] == ["-hEns0Demo1_2", "-hEns0Demo1_6"]
E
}

# Times that are not used are named.
test_unused_times() {
    make_clips
    printf 'filename,caption,start_time,end_time\nclips/c0.wav,one,1,2\nclips/c0.wav,two,4,6\n' >times.csv
    generate --corpus times.csv --out set --format jsonl
    assert_stderr "times of segments in the columns 'start_time', 'end_time' are not used; name them with '--start-column' and '--end-column'"
    generate --corpus times.csv --out segments --format jsonl --start-column start_time --end-column end_time
    ! grep -q "are not used" "$WORK/stderr" || fail "a note about times that are used"
    py <<'E'
assert [p["entry"] for p in read_provenance("segments")] == ["clips/c0.wav_1_2", "clips/c0.wav_4_6"]
E
}

# Each option that names a column is refused where there is none, in every kind that has the option.
test_columns_that_do_not_exist() {
    local option columns="the columns are 'filename', 'caption', 'start', 'end'"
    make_clips
    for option in --file-column --id-column --caption-column --start-column --end-column; do
        refused 2 "option '$option': no column 'nope'; $columns" --corpus semi.csv "$option" nope
        refused 2 "option '$option': no column 'nope'; $columns" --corpus semi.csv "$option" nope --corpus-kind labels
        [ $option = --caption-column ] ||
            refused 2 "option '$option' applies to tables only; the corpus is of kind 'jsonl'" --corpus m.jsonl "$option" nope
    done
    refused 2 "option '--caption-column': no column 'nope'; $columns" --corpus semi.csv --caption-column caption,nope
    refused 2 "option '--id-column': no column 'nope'; $columns" --corpus semi.csv --id-column 'start nope'
    refused 2 "option '--end-column' requires '--start-column'" --corpus semi.csv --end-column end
    for corpus in m.jsonl list.json; do
        refused 2 "option '--caption-column': no member 'nope'; the members are 'audio', 'caption'" \
            --corpus $corpus --caption-column nope
        refused 2 "option '--caption-column': no member 'nope'" --corpus $corpus --caption-column caption,nope
    done
    refused 2 "option '--delimiter': the header is one column with ',', and 4 columns with ';'" --corpus semi.csv --delimiter ,
    refused 2 "option '--delimiter': 'ab' is not one ASCII character, nor 'tab'" --corpus semi.csv --delimiter ab
    refused 2 "option '--delimiter' applies to tables only" --corpus m.jsonl --delimiter ,
    refused 2 "option '--header' applies to tables only" --corpus m.jsonl --header a,b
    refused 1 "name the columns of a table with '--file-column' and '--caption-column'" --corpus german.csv
    generate --corpus german.csv --file-column datei --caption-column beschreibung --out german
}

test_values_of_options() {
    make_clips
    for corpus in semi.csv m.jsonl list.json; do
        refused 1 "no file belongs to split 'nope'; the splits are: none" --corpus $corpus --source-split nope
        refused 2 "option '--caption-template': unclosed '{'" --corpus $corpus --caption-template '{'
    done
    refused 2 "option '--caption-template': unclosed '{'" --corpus m.jsonl --caption-template 'a {caption{stem}'
    refused 2 "option '--caption-template': '}' without '{'" --corpus m.jsonl --caption-template 'a }'
    refused 2 "option '--caption-template': '{}' has no field name" --corpus m.jsonl --caption-template 'a {} b'
    refused 1 "is not text: it contains a NUL byte" --corpus m.jsonl --exclude clips/c0.wav
    refused 1 "option '--audio-root': 'nope' cannot be opened: No such file or directory" --corpus m.jsonl --audio-root nope
    refused 1 "option '--audio-root': 'semi.csv' is not a folder" --corpus semi.csv --audio-root semi.csv
    cp m.jsonl train.jsonl
    generate --corpus train.jsonl --source-split train --out train
    refused 1 "no file belongs to split 'test'; the splits are: none" --corpus train.jsonl --source-split test
    generate --corpus m.jsonl --caption-template '{{x}} {stem}' --out braces --format jsonl
    py <<'E'
assert [p["caption"] for p in read_provenance("braces")] == ["{x} c0", "{x} c1", "{x} c2"]
E
}

test_options_of_a_corpus() {
    make_clips
    refused 2 "corpus 'm.jsonl': 'wieght' is not an option of a corpus; did you mean 'weight'?" --corpus m.jsonl,wieght=2
    refused 2 "'wieght' is not an option of a corpus; did you mean 'weight'?" --corpus m.jsonl,limit=1,wieght=2
    refused 2 "'zzzz' is not an option of a corpus; the options are prefix, name, weight" --corpus m.jsonl,zzzz=2
    refused 1 "corpus 'none.jsonl,zzzz=2' cannot be opened" --corpus none.jsonl,zzzz=2
    refused 2 "give one of them another prefix" --corpus m.jsonl,prefix=a --corpus list.json,prefix=a
    printf -- '- corpus: m.jsonl\n  weight: 1\n  zzzz: x\n' >bad.yaml
    refused 2 "line 3: 'zzzz' is not an option of a corpus; the options are prefix, name, weight" --corpora bad.yaml
    refused 1 "corpora file 'nope.yaml' cannot be opened: No such file or directory" --corpora nope.yaml
}

# --source-split selects folders of audio by their names; kinds without splits refuse it. A pattern of a kind that reads
# one list is an error that says so.
test_split_of_a_folder() {
    py <<'E'
for split in "train", "test":
    for name in "a", "b":
        os.makedirs(f"d/{split}", exist_ok=True)
        write_wav(f"d/{split}/{name}.wav", tone(24000 + 100 * len(split) + ord(name), rate=48000), rate=48000)
        with open(f"d/{split}/{name}.txt", "w") as out:
            out.write(f"{split} {name}")
    write_jsonl(f"{split}.jsonl", [{"audio": f"d/{split}/a.wav", "caption": "x"}])
os.makedirs("kaldi")
with open("kaldi/wav.scp", "w") as out:
    out.write("u1 d/train/a.wav\n")
with open("kaldi/text", "w") as out:
    out.write("u1 hello\n")
E
    run generate --model "$MINI" --corpus d --out all
    assert_status 0
    assert_stderr "the corpus has several splits, and all are used: test, train; '--source-split' selects one"
    generate --corpus d --source-split train --out train
    [ "$(wc -l <train/provenance/*.jsonl)" -eq 2 ] || fail "not one split"
    run generate --model "$MINI" --corpus d --source-split dev --out none
    assert_failure 1
    assert_stderr "no file belongs to split 'dev'; the splits are: test, train"
    run generate --model "$MINI" --corpus kaldi --audio-root . --source-split train --out none
    assert_failure 2
    assert_stderr "a corpus of kind 'kaldi' has no splits in its rows"
    for pattern in 'd/{train,test}' '*.jsonl'; do
        run generate --model "$MINI" --corpus "$pattern" --out none
        assert_failure 2
        assert_stderr "give '--corpus' once for each"
    done
}
