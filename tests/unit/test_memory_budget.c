/* SPDX-License-Identifier: MIT */
/* test_memory_budget.c - the memory budget of entries in progress, and limits of control groups */

#include "base/error.h"
#include "pipeline/memory_budget.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fs/memory_limit.h"
#include "test.h"

typedef struct waiter {
    pt_memory_budget *budget;
    pt_memory_share share;
    uint64_t n_bytes;
    atomic_bool granted, stop;
    patina_status status;
} waiter;

static bool waiter_is_stopped(const void *context) {
    const waiter *w = context;
    return atomic_load(&w->stop);
}

static void *wait_for_share(void *argument) {
    waiter *w = argument;
    patina_error err = {0};
    w->status =
        pt_memory_budget_acquire(w->budget, &w->share, w->n_bytes, waiter_is_stopped, w, &err);
    atomic_store(&w->granted, true);
    return NULL;
}

static void pause_ms(long ms) {
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

TEST(memory_budget, share_waits_for_other_entries) {
    pt_memory_budget budget;
    pt_memory_share first = {0};
    pthread_t thread;
    pt_memory_budget_init(&budget, 100);
    REQUIRE_OK(pt_memory_budget_acquire(&budget, &first, 60, NULL, NULL, &t->err));
    waiter w = {.budget = &budget, .n_bytes = 60};
    REQUIRE(pthread_create(&thread, NULL, wait_for_share, &w) == 0);
    pause_ms(30);
    CHECK(!atomic_load(&w.granted));
    pt_memory_budget_release(&budget, &first);
    pthread_join(thread, NULL);
    CHECK_INT(w.status, PATINA_OK);
    CHECK_INT(budget.used, 60);
    pt_memory_budget_release(&budget, &w.share);
    CHECK_INT(budget.used, 0);
    CHECK_INT(budget.n_shares, 0);
    pt_memory_budget_destroy(&budget);
}

TEST(memory_budget, oversized_entry_runs_alone) {
    pt_memory_budget budget;
    pt_memory_share share = {0};
    pt_memory_budget_init(&budget, 100);
    pt_memory_budget_add(&budget, 90); /* entries in flight are not a share: they cannot be ended */
    REQUIRE_OK(pt_memory_budget_acquire(&budget, &share, 5000, NULL, NULL, &t->err));
    /* a share grows without waiting */
    REQUIRE_OK(pt_memory_budget_acquire(&budget, &share, 6000, NULL, NULL, &t->err));
    CHECK_INT(budget.used, 6090);
    CHECK(pt_memory_budget_is_full(&budget, 0));
    pt_memory_budget_release(&budget, &share);
    pt_memory_budget_subtract(&budget, 90);
    CHECK(!pt_memory_budget_is_full(&budget, 0));
    CHECK(pt_memory_budget_is_full(&budget, 50)); /* half of it is for entries */
    pt_memory_budget_destroy(&budget);
}

TEST(memory_budget, abandoned_worker_releases_its_share) {
    pt_memory_budget budget;
    pt_memory_share abandoned = {0};
    pthread_t thread;
    pt_memory_budget_init(&budget, 100);
    REQUIRE_OK(pt_memory_budget_acquire(&budget, &abandoned, 80, NULL, NULL, &t->err));
    waiter w = {.budget = &budget, .n_bytes = 60};
    REQUIRE(pthread_create(&thread, NULL, wait_for_share, &w) == 0);
    pt_memory_budget_abandon(&budget, &abandoned);
    pthread_join(thread, NULL);
    CHECK_INT(w.status, PATINA_OK);
    waiter stopped = {.budget = &budget, .n_bytes = 60};
    REQUIRE(pthread_create(&thread, NULL, wait_for_share, &stopped) == 0);
    atomic_store(&stopped.stop, true);
    pthread_join(thread, NULL);
    CHECK_INT(stopped.status, PATINA_ECANCELLED);
    pt_memory_budget_release(&budget, &stopped.share);
    pt_memory_budget_release(&budget, &w.share);
    pt_memory_budget_release(&budget, &abandoned);
    CHECK_INT(budget.used, 0);
    CHECK_INT(budget.n_shares, 0);
    pt_memory_budget_destroy(&budget);
}

static void make_file(const char *root, const char *path, const char *text) {
    char full[4096];
    snprintf(full, sizeof full, "%s/%s", root, path);
    for (char *at = full + strlen(root) + 1; (at = strchr(at, '/')); at++) {
        *at = '\0';
        mkdir(full, 0700);
        *at = '/';
    }
    FILE *file = fopen(full, "w");
    if (!file) return;
    fputs(text, file);
    fclose(file);
}

TEST(memory_limit, smallest_limit_of_all_groups) {
    char root[] = "/tmp/patina-limit-XXXXXX", command[64];
    REQUIRE(mkdtemp(root));
    const uint64_t machine = pt_memory_limit(root);
    CHECK(machine >= 64 << 20);
    make_file(root, "proc/self/cgroup", "0::/a/b\n");
    make_file(root, "sys/fs/cgroup/a/b/memory.max", "max\n");
    CHECK_INT(pt_memory_limit(root), machine);
    make_file(root, "sys/fs/cgroup/a/memory.max", "40000000\n"); /* of the group above */
    CHECK_INT(pt_memory_limit(root), 40000000);
    make_file(root, "sys/fs/cgroup/memory.max", "30000000\n"); /* of a container's root */
    CHECK_INT(pt_memory_limit(root), 30000000);
    make_file(root, "proc/self/cgroup", "5:cpu,cpuacct:/c\n4:memory:/c/d\n0::/elsewhere\n");
    make_file(root, "sys/fs/cgroup/memory/c/d/memory.limit_in_bytes", "20000000\n");
    CHECK_INT(pt_memory_limit(root), 20000000);
    make_file(root, "sys/fs/cgroup/memory/c/d/memory.limit_in_bytes", "9223372036854771712\n");
    CHECK_INT(pt_memory_limit(root), 30000000);
    snprintf(command, sizeof command, "rm -r %s", root);
    CHECK(system(command) == 0);
}
