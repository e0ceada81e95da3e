/* SPDX-License-Identifier: MIT */
/* test_shard.c - --shard: I/N and the variables of schedulers */

#include "test.h"

#include "shard.h"

/* getenv takes no context, so the environment of a case is global: name, value, ..., NULL. */
static const char *const *environment_now;

static const char *lookup(const char *name) {
    for (const char *const *pair = environment_now; pair && *pair; pair += 2)
        if (strcmp(pair[0], name) == 0) return pair[1];
    return NULL;
}

typedef struct parsed_shard {
    uint64_t index, count;
    char origin[256];
} parsed_shard;

static patina_status parse(const char *text, const char *const *environment, parsed_shard *out,
                           patina_error *err) {
    environment_now = environment;
    *out = (parsed_shard){.index = 77, .count = 77};
    return pt_cli_shard_parse(text, lookup, &out->index, &out->count, out->origin,
                              sizeof out->origin, err);
}

#define ENV(...)                                                                                   \
    (const char *const[]) {                                                                        \
        __VA_ARGS__, NULL                                                                          \
    }

/* ---- I/N ------------------------------------------------------------------------------------- */

TEST(shard, fraction) {
    static const struct {
        const char *text;
        uint64_t index, count;
    } cases[] = {
        {"0/1", 0, 1}, {"3/8", 3, 8}, {"007/008", 7, 8}, {"999999/1000000", 999999, 1000000}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        parsed_shard a;
        CHECK_OK(parse(cases[i].text, NULL, &a, &t->err));
        CHECK_INT(a.index, cases[i].index);
        CHECK_INT(a.count, cases[i].count);
    }
    parsed_shard a;
    CHECK_OK(
        parse("3/8", ENV("SLURM_ARRAY_TASK_ID", "x"), &a, &t->err)); /* variables are ignored */
    CHECK_STR(a.origin, "shard 3 of 8");
}

TEST(shard, invalid_fraction) {
    static const char *const cases[] = {
        "",
        "/",
        "3",
        "3/",
        "/8",
        "-1/8",
        "+1/8",
        " 1/8",
        "1/8 ",
        "1 / 8",
        "1/8/",
        "1/-8",
        "1.0/8",
        "0x1/8",
        "Auto",
        "auto ",
        "1\\8",
        "1/8e1",
        /* 2^32 + 1 and 2^64 + 1 must not become 1 */
        "1/4294967297",
        "4294967297/8",
        "1/18446744073709551617",
        "18446744073709551617/8",
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        parsed_shard a;
        CHECK_FAILS(parse(cases[i], NULL, &a, &t->err), PATINA_EUSAGE);
        CHECK_CONTAINS(t->err.message, "is neither 'auto' nor I/N");
        CHECK_INT(a.count, 77); /* results are unchanged */
        CHECK_STR(a.origin, "");
    }
}

TEST(shard, fraction_out_of_range) {
    parsed_shard a;
    CHECK_FAILS(parse("8/8", NULL, &a, &t->err), PATINA_EUSAGE);
    CHECK_CONTAINS(t->err.message, "'8/8': 8 shards are numbered from 0 to 7");
    CHECK_FAILS(parse("0/0", NULL, &a, &t->err), PATINA_EUSAGE);
    CHECK_CONTAINS(t->err.message, "'0/0': the number of shards must be 1 to 1000000");
    CHECK_FAILS(parse("0/1000001", NULL, &a, &t->err), PATINA_EUSAGE);
    CHECK_CONTAINS(t->err.message, "1 to 1000000");
    CHECK_INT(a.index, 77);
}

/* ---- every scheduler ------------------------------------------------------------------------- */

/* Values as the schedulers set them; those of Slurm and Open MPI were observed. */
TEST(shard, every_scheduler) {
    static const struct {
        uint64_t index, count;
        const char *origin;
        const char *environment[17];
    } cases[] = {
        {3,
         8,
         "shard 3 of 8, from SLURM_ARRAY_TASK_ID=4 of 1-8",
         {"SLURM_ARRAY_TASK_ID", "4", "SLURM_ARRAY_TASK_COUNT", "8", "SLURM_ARRAY_TASK_MIN", "1",
          "SLURM_ARRAY_TASK_MAX", "8", "SLURM_ARRAY_TASK_STEP", "1", "SLURM_PROCID", "0",
          "SLURM_NTASKS", "1"}},
        {0,
         8,
         "shard 0 of 8, from SLURM_ARRAY_TASK_ID=0 of 0-7",
         {"SLURM_ARRAY_TASK_ID", "0", "SLURM_ARRAY_TASK_COUNT", "8", "SLURM_ARRAY_TASK_MIN", "0",
          "SLURM_ARRAY_TASK_MAX", "7", "SLURM_ARRAY_TASK_STEP", "1"}},
        {3,
         4,
         "shard 3 of 4, from SLURM_ARRAY_TASK_ID=7 of 1-7:2",
         {"SLURM_ARRAY_TASK_ID", "7", "SLURM_ARRAY_TASK_COUNT", "4", "SLURM_ARRAY_TASK_MIN", "1",
          "SLURM_ARRAY_TASK_MAX", "7", "SLURM_ARRAY_TASK_STEP", "2"}},
        {2,
         3,
         "shard 2 of 3, from OMPI_COMM_WORLD_RANK=2 and OMPI_COMM_WORLD_SIZE=3",
         {"OMPI_COMM_WORLD_RANK", "2", "OMPI_COMM_WORLD_SIZE", "3", "PMIX_RANK", "2"}},
        {1, 4, "shard 1 of 4, from PMI_RANK=1 and PMI_SIZE=4", {"PMI_RANK", "1", "PMI_SIZE", "4"}},
        {1,
         2,
         "shard 1 of 2, from SLURM_PROCID=1 and SLURM_STEP_NUM_TASKS=2",
         {"SLURM_PROCID", "1", "SLURM_NTASKS", "2", "SLURM_STEP_NUM_TASKS", "2", "PMIX_RANK", "1"}},
        {1,
         3,
         "shard 1 of 3, from PMIX_RANK=1 and PATINA_SHARDS=3",
         {"PMIX_RANK", "1", "PATINA_SHARDS", "3"}},
        {2,
         3,
         "shard 2 of 3, from JOB_COMPLETION_INDEX=2 and PATINA_SHARDS=3",
         {"JOB_COMPLETION_INDEX", "2", "PATINA_SHARDS", "3"}},
        {9,
         10,
         "shard 9 of 10, from AWS_BATCH_JOB_ARRAY_INDEX=9 and AWS_BATCH_JOB_ARRAY_SIZE=10",
         {"AWS_BATCH_JOB_ARRAY_INDEX", "9", "AWS_BATCH_JOB_ARRAY_SIZE", "10"}},
        {5,
         6,
         "shard 5 of 6, from BATCH_TASK_INDEX=5 and BATCH_TASK_COUNT=6",
         {"BATCH_TASK_INDEX", "5", "BATCH_TASK_COUNT", "6"}},
        {0,
         2,
         "shard 0 of 2, from CLOUD_RUN_TASK_INDEX=0 and CLOUD_RUN_TASK_COUNT=2",
         {"CLOUD_RUN_TASK_INDEX", "0", "CLOUD_RUN_TASK_COUNT", "2"}},
        {3, 4, "shard 3 of 4, from RANK=3 and WORLD_SIZE=4", {"RANK", "3", "WORLD_SIZE", "4"}},
        {9,
         10,
         "shard 9 of 10, from SGE_TASK_ID=10 of 1-10",
         {"SGE_TASK_ID", "10", "SGE_TASK_FIRST", "1", "SGE_TASK_LAST", "10", "SGE_TASK_STEPSIZE",
          "1"}},
        {2,
         4,
         "shard 2 of 4, from SGE_TASK_ID=9 of 3-14:3", /* 3, 6, 9, 12 */
         {"SGE_TASK_ID", "9", "SGE_TASK_FIRST", "3", "SGE_TASK_LAST", "14", "SGE_TASK_STEPSIZE",
          "3"}},
        {0,
         8,
         "shard 0 of 8, from PBS_ARRAY_INDEX=0 and PATINA_SHARDS=8",
         {"PBS_ARRAY_INDEX", "0", "PATINA_SHARDS", "8"}},
        {7,
         8,
         "shard 7 of 8, from PBS_ARRAYID=7 and PATINA_SHARDS=8",
         {"PBS_ARRAYID", "7", "PATINA_SHARDS", "8"}},
        {7,
         8,
         "shard 7 of 8, from LSB_JOBINDEX=8 and LSB_JOBINDEX_END=8",
         {"LSB_JOBINDEX", "8", "LSB_JOBINDEX_END", "8", "LSB_JOBINDEX_STEP", "1"}},
        {3,
         4,
         "shard 3 of 4, from PARALLEL_SEQ=4 and PATINA_SHARDS=4",
         {"PARALLEL_SEQ", "4", "PATINA_SHARDS", "4"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        parsed_shard a;
        CHECK_OK(parse("auto", cases[i].environment, &a, &t->err));
        CHECK_INT(a.index, cases[i].index);
        CHECK_INT(a.count, cases[i].count);
        CHECK_STR(a.origin, cases[i].origin);
    }
}

/* Every task of --array=3-17:2 gets an index of its own. */
TEST(shard, every_task_has_its_own_shard) {
    char id[24];
    for (int i = 0; i < 8; i++) {
        parsed_shard a;
        snprintf(id, sizeof id, "%d", 3 + 2 * i);
        CHECK_OK(parse("auto",
                       ENV("SLURM_ARRAY_TASK_ID", id, "SLURM_ARRAY_TASK_COUNT", "8",
                           "SLURM_ARRAY_TASK_MIN", "3", "SLURM_ARRAY_TASK_MAX", "17",
                           "SLURM_ARRAY_TASK_STEP", "2"),
                       &a, &t->err));
        CHECK_INT(a.index, i);
        CHECK_INT(a.count, 8);
    }
}

/* ---- launchers in job arrays ----------------------------------------------------------------- */

/* Tasks 1 and 2 of an array, each with srun -n 3: six shards. */
TEST(shard, srun_within_an_array) {
    uint64_t wanted = 0;
    for (const char *const *id = ENV("1", "2"); *id; id++)
        for (const char *const *rank = ENV("0", "1", "2"); *rank; rank++) {
            parsed_shard a;
            CHECK_OK(
                parse("auto",
                      ENV("SLURM_ARRAY_TASK_ID", *id, "SLURM_ARRAY_TASK_COUNT", "2",
                          "SLURM_ARRAY_TASK_MIN", "1", "SLURM_ARRAY_TASK_MAX", "2", "SLURM_PROCID",
                          *rank, "SLURM_NTASKS", "3", "SLURM_STEP_NUM_TASKS", "3"),
                      &a, &t->err));
            CHECK_INT(a.index, wanted++);
            CHECK_INT(a.count, 6);
        }
    CHECK_INT(wanted, 6);
    parsed_shard a;
    CHECK_OK(parse("auto",
                   ENV("SLURM_ARRAY_TASK_ID", "1", "SLURM_ARRAY_TASK_COUNT", "2",
                       "SLURM_ARRAY_TASK_MIN", "1", "SLURM_ARRAY_TASK_MAX", "2", "SLURM_PROCID",
                       "2", "SLURM_STEP_NUM_TASKS", "3"),
                   &a, &t->err));
    CHECK_STR(a.origin, "shard 2 of 6, from SLURM_ARRAY_TASK_ID=1 of 1-2 with SLURM_PROCID=2 and "
                        "SLURM_STEP_NUM_TASKS=3");
}

/* A batch script of --ntasks 4 that starts the program without srun has one process, not four;
 * a step of one task changes nothing. */
TEST(shard, an_array_task_with_one_process) {
    parsed_shard a;
    CHECK_OK(
        parse("auto",
              ENV("SLURM_ARRAY_TASK_ID", "1", "SLURM_ARRAY_TASK_COUNT", "2", "SLURM_ARRAY_TASK_MIN",
                  "0", "SLURM_ARRAY_TASK_MAX", "1", "SLURM_PROCID", "0", "SLURM_NTASKS", "4"),
              &a, &t->err));
    CHECK_STR(a.origin, "shard 1 of 2, from SLURM_ARRAY_TASK_ID=1 of 0-1");
    CHECK_OK(parse("auto",
                   ENV("SLURM_ARRAY_TASK_ID", "1", "SLURM_ARRAY_TASK_COUNT", "2",
                       "SLURM_ARRAY_TASK_MIN", "0", "SLURM_ARRAY_TASK_MAX", "1", "SLURM_PROCID",
                       "0", "SLURM_STEP_NUM_TASKS", "1"),
                   &a, &t->err));
    CHECK_STR(a.origin, "shard 1 of 2, from SLURM_ARRAY_TASK_ID=1 of 0-1");
}

/* mpirun in a Slurm job gives all its processes the same SLURM_PROCID, in an array and without. */
TEST(shard, mpirun_within_slurm) {
    parsed_shard a;
    CHECK_OK(parse("auto",
                   ENV("SLURM_PROCID", "0", "SLURM_NTASKS", "3", "SLURM_STEP_NUM_TASKS", "1",
                       "PMIX_RANK", "1", "OMPI_COMM_WORLD_RANK", "1", "OMPI_COMM_WORLD_SIZE", "2"),
                   &a, &t->err));
    CHECK_STR(a.origin, "shard 1 of 2, from OMPI_COMM_WORLD_RANK=1 and OMPI_COMM_WORLD_SIZE=2");
    CHECK_OK(parse("auto",
                   ENV("SLURM_ARRAY_TASK_ID", "5", "SLURM_ARRAY_TASK_COUNT", "2",
                       "SLURM_ARRAY_TASK_MIN", "4", "SLURM_ARRAY_TASK_MAX", "5", "SLURM_PROCID",
                       "0", "OMPI_COMM_WORLD_RANK", "1", "OMPI_COMM_WORLD_SIZE", "2"),
                   &a, &t->err));
    CHECK_INT(a.index, 3);
    CHECK_INT(a.count, 4);
}

/* Grid Engine and LSF set their variables outside arrays too; and an empty variable counts as
 * unset. */
TEST(shard, placeholder_values_are_ignored) {
    parsed_shard a;
    CHECK_OK(parse("auto",
                   ENV("SGE_TASK_ID", "undefined", "LSB_JOBINDEX", "0", "PMI_RANK", "",
                       "PARALLEL_SEQ", "1", "PATINA_SHARDS", "2"),
                   &a, &t->err));
    CHECK_STR(a.origin, "shard 0 of 2, from PARALLEL_SEQ=1 and PATINA_SHARDS=2");
}

/* PATINA_SHARDS is the count for schedulers that set none, and only for these. */
TEST(shard, generic_count) {
    parsed_shard a;
    CHECK_OK(parse("auto", ENV("RANK", "1", "PATINA_SHARDS", "5"), &a, &t->err));
    CHECK_STR(a.origin, "shard 1 of 5, from RANK=1 and PATINA_SHARDS=5");
    CHECK_OK(parse("auto", ENV("LSB_JOBINDEX", "5", "PATINA_SHARDS", "5"), &a, &t->err));
    CHECK_STR(a.origin, "shard 4 of 5, from LSB_JOBINDEX=5 and PATINA_SHARDS=5");
    CHECK_OK(parse("auto", ENV("RANK", "1", "WORLD_SIZE", "2", "PATINA_SHARDS", "5"), &a, &t->err));
    CHECK_STR(a.origin, "shard 1 of 2, from RANK=1 and WORLD_SIZE=2");
}

/* ---- errors ---------------------------------------------------------------------------------- */

TEST(shard, no_scheduler_variable) {
    parsed_shard a;
    static const char *const looked_for[] = {"SLURM_ARRAY_TASK_ID",
                                             "OMPI_COMM_WORLD_RANK",
                                             "PMI_RANK",
                                             "SLURM_PROCID",
                                             "PMIX_RANK",
                                             "JOB_COMPLETION_INDEX",
                                             "AWS_BATCH_JOB_ARRAY_INDEX",
                                             "BATCH_TASK_INDEX",
                                             "CLOUD_RUN_TASK_INDEX",
                                             "RANK",
                                             "SGE_TASK_ID",
                                             "PBS_ARRAY_INDEX",
                                             "PBS_ARRAYID",
                                             "LSB_JOBINDEX",
                                             "PARALLEL_SEQ"};
    CHECK_FAILS(parse("auto", ENV("PATINA_SHARDS", "8", "HOME", "/"), &a, &t->err), PATINA_EUSAGE);
    CHECK_CONTAINS(t->err.message, "give I/N, such as 0/8");
    for (size_t i = 0; i < sizeof looked_for / sizeof looked_for[0]; i++)
        CHECK_CONTAINS(t->err.message, looked_for[i]);
    CHECK_INT(a.count, 77);
}

TEST(shard, index_without_a_count) {
    static const struct {
        const char *index, *also;
    } cases[] = {
        {"SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT is not set"},
        {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE is not set"},
        {"PMI_RANK", "PMI_SIZE is not set"},
        {"SLURM_PROCID", "SLURM_STEP_NUM_TASKS is not set: start the program by srun"},
        {"PMIX_RANK", "PMIx does not set"},
        {"JOB_COMPLETION_INDEX", "Kubernetes does not set"},
        {"AWS_BATCH_JOB_ARRAY_INDEX", "AWS_BATCH_JOB_ARRAY_SIZE is not set"},
        {"BATCH_TASK_INDEX", "BATCH_TASK_COUNT is not set"},
        {"CLOUD_RUN_TASK_INDEX", "CLOUD_RUN_TASK_COUNT is not set"},
        {"RANK", "WORLD_SIZE is not set"},
        {"SGE_TASK_ID", "SGE_TASK_LAST is not set"},
        {"PBS_ARRAY_INDEX", "PBS does not set"},
        {"PBS_ARRAYID", "Torque does not set"},
        {"LSB_JOBINDEX", "LSB_JOBINDEX_END is not set"},
        {"PARALLEL_SEQ", "GNU parallel does not set"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        parsed_shard a;
        char begins[64];
        snprintf(begins, sizeof begins, "%s is '1'", cases[i].index);
        CHECK_FAILS(parse("auto", ENV(cases[i].index, "1"), &a, &t->err), PATINA_EUSAGE);
        CHECK_CONTAINS(t->err.message, begins);
        CHECK_CONTAINS(t->err.message, cases[i].also);
        CHECK_CONTAINS(t->err.message, "set PATINA_SHARDS to the number of shards");
        CHECK_INT(a.count, 77);
    }
}

TEST(shard, invalid_variables) {
    static const struct {
        const char *says[2];
        const char *environment[13];
    } cases[] = {
        /* no numbers */
        {{"RANK is 'x'", "not a whole number"}, {"RANK", "x", "WORLD_SIZE", "2"}},
        {{"RANK is '-1'", "not a whole number"}, {"RANK", "-1", "WORLD_SIZE", "2"}},
        {{"RANK is '1 '", "not a whole number"}, {"RANK", "1 ", "WORLD_SIZE", "2"}},
        {{"RANK is '18446744073709551617'", "not a whole number"},
         {"RANK", "18446744073709551617", "WORLD_SIZE", "2"}},
        {{"WORLD_SIZE is 'two'", "from 1 to 1000000"}, {"RANK", "1", "WORLD_SIZE", "two"}},
        {{"WORLD_SIZE is '0'", "from 1 to 1000000"}, {"RANK", "0", "WORLD_SIZE", "0"}},
        {{"WORLD_SIZE is '1000001'", "from 1 to 1000000"}, {"RANK", "0", "WORLD_SIZE", "1000001"}},
        {{"PATINA_SHARDS is '0'", "from 1 to 1000000"}, {"PMIX_RANK", "0", "PATINA_SHARDS", "0"}},
        {{"PATINA_SHARDS is '3/4'", "from 1"}, {"PMIX_RANK", "0", "PATINA_SHARDS", "3/4"}},
        {{"SLURM_ARRAY_TASK_MIN is 'a'", "whole number"},
         {"SLURM_ARRAY_TASK_ID", "1", "SLURM_ARRAY_TASK_COUNT", "2", "SLURM_ARRAY_TASK_MIN", "a"}},
        {{"SGE_TASK_STEPSIZE is '0'", "from 1"},
         {"SGE_TASK_ID", "1", "SGE_TASK_FIRST", "1", "SGE_TASK_LAST", "2", "SGE_TASK_STEPSIZE",
          "0"}},
        {{"SGE_TASK_LAST is '2'", "from 3"},
         {"SGE_TASK_ID", "3", "SGE_TASK_FIRST", "3", "SGE_TASK_LAST", "2"}},
        /* out of range */
        {{"RANK is '2'", "from 0 to 1 (WORLD_SIZE is '2')"}, {"RANK", "2", "WORLD_SIZE", "2"}},
        {{"PARALLEL_SEQ is '0'", "from 1 to 4"}, {"PARALLEL_SEQ", "0", "PATINA_SHARDS", "4"}},
        {{"PARALLEL_SEQ is '5'", "from 1 to 4"}, {"PARALLEL_SEQ", "5", "PATINA_SHARDS", "4"}},
        {{"PBS_ARRAY_INDEX is '8'", "from 0 to 7"}, {"PBS_ARRAY_INDEX", "8", "PATINA_SHARDS", "8"}},
        {{"SLURM_ARRAY_TASK_ID is '1'", "from 2 to 3"},
         {"SLURM_ARRAY_TASK_ID", "1", "SLURM_ARRAY_TASK_MIN", "2", "SLURM_ARRAY_TASK_COUNT", "2"}},
        {{"SLURM_ARRAY_TASK_ID is '4'", "from 1 to 7"},
         {"SLURM_ARRAY_TASK_ID", "4", "SLURM_ARRAY_TASK_COUNT", "4", "SLURM_ARRAY_TASK_MIN", "1",
          "SLURM_ARRAY_TASK_MAX", "7", "SLURM_ARRAY_TASK_STEP", "2"}},
        {{"LSB_JOBINDEX_END is '2000000'", "more than 1000000 shards"},
         {"LSB_JOBINDEX", "1", "LSB_JOBINDEX_END", "2000000"}},
        /* --array=1,3,6: task 3 is the second of three, which its variables do not show */
        {{"SLURM_ARRAY_TASK_COUNT is '3'", "(1 to 6) has gaps"},
         {"SLURM_ARRAY_TASK_ID", "3", "SLURM_ARRAY_TASK_COUNT", "3", "SLURM_ARRAY_TASK_MIN", "1",
          "SLURM_ARRAY_TASK_MAX", "6", "SLURM_ARRAY_TASK_STEP", "1"}},
        /* a launcher within an array is checked as strictly */
        {{"PMI_RANK is '7'", "from 0 to 1"},
         {"SLURM_ARRAY_TASK_ID", "0", "SLURM_ARRAY_TASK_COUNT", "3", "PMI_RANK", "7", "PMI_SIZE",
          "2"}},
        {{"1000 array tasks of 1001 processes", "more than 1000000 shards"},
         {"SLURM_ARRAY_TASK_ID", "0", "SLURM_ARRAY_TASK_COUNT", "1000", "PMI_RANK", "7", "PMI_SIZE",
          "1001"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        parsed_shard a;
        CHECK_FAILS(parse("auto", cases[i].environment, &a, &t->err), PATINA_EUSAGE);
        CHECK_CONTAINS(t->err.message, cases[i].says[0]);
        CHECK_CONTAINS(t->err.message, cases[i].says[1]);
        CHECK_INT(a.count, 77);
    }
}

/* The largest number of shards; the origin is truncated to the buffer of the caller. */
TEST(shard, limits) {
    parsed_shard a;
    CHECK_OK(parse("auto",
                   ENV("SLURM_ARRAY_TASK_ID", "999", "SLURM_ARRAY_TASK_COUNT", "1000", "PMI_RANK",
                       "999", "PMI_SIZE", "1000"),
                   &a, &t->err));
    CHECK_INT(a.index, 999999);
    CHECK_INT(a.count, 1000000);

    char origin[8];
    memset(origin, 'x', sizeof origin);
    environment_now = NULL;
    CHECK_OK(pt_cli_shard_parse("0/1", lookup, &a.index, &a.count, origin, 6, &t->err));
    CHECK_STR(origin, "shard");
    CHECK_INT(origin[6], 'x');
}
