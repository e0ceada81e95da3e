/* SPDX-License-Identifier: MIT */
/* fault_library.c - LD_PRELOAD library that makes allocations and system calls fail
 *
 *   FAULT_LOG=FILE       append one line for each distinct call stack, at its first call, unless
 *                        FAULT_STACK is set: <kind> <hash of the stack> <function> <caller's
 *                        module> <innermost frame>; for a fatal signal: signal <number> <first
 *                        module above libc> <frames>; for the call that failed: failed <function>
 *                        <frames>. Frames are offsets in the program, for addr2line
 *   FAULT_STACK=HASH     fail the first call with this stack
 *   FAULT_FRAME=OFFSET   its innermost frame: other calls are not unwound, which saves most time
 *   FAULT_REPEAT=N       and the next N with this stack; always: and all later calls of the
 *                        same kind (alloc or call), whatever their stack
 *   FAULT_ERRNO=NUMBER   errno of a failed system call; read and write do half their work for 0
 *   FAULT_SERVER=1       instead of running main(), fork a process for each line of standard input,
 *                        which saves loading 150 libraries each time. Fields, separated by the
 *                        character US: folder, files for standard output and error, the values of
 *                        the variables above in this order, all of them empty for a run without
 *                        faults, and the arguments. Answers: its number, then its wait status
 *
 * Only calls made below main() of the program count. A stack is identified by the modules and
 * offsets of its frames, so that it is the same in every process. A frame that occurs twice counts
 * once: the depth of a recursion makes no other stack.
 */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <locale.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEPTH_MAX   40
#define STACKS_MAX  (1 << 16)
#define MODULES_MAX 128

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

typedef enum kind { ALLOC, CALL } kind;

typedef struct module {
    uintptr_t start, end, base;
    char name[32];
} module;

static module modules[MODULES_MAX]; /* the first is the program */
static size_t n_modules;
static _Atomic uint64_t seen[STACKS_MAX];
static int log_fd = -1, fault_errno;
static uint64_t wanted_stack, wanted_frame;
static bool is_active, forever;
static atomic_bool has_failed;
static atomic_int n_repeats; /* that are left */
static kind failed_kind;
static _Thread_local bool is_inside;

static int add_module(struct dl_phdr_info *info, size_t size, void *context) {
    (void)size, (void)context;
    for (int i = 0; i < info->dlpi_phnum && n_modules < MODULES_MAX; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X)) continue;
        module *m = &modules[n_modules++];
        const char *slash = strrchr(info->dlpi_name, '/');
        m->base = info->dlpi_addr;
        m->start = info->dlpi_addr + segment->p_vaddr;
        m->end = m->start + segment->p_memsz;
        strncpy(m->name,
                n_modules == 1 ? "program"
                : slash        ? slash + 1
                               : info->dlpi_name,
                sizeof m->name - 1);
    }
    return 0;
}

static const module *find_module(const void *address) {
    for (size_t i = 0; i < n_modules; i++)
        if ((uintptr_t)address >= modules[i].start && (uintptr_t)address < modules[i].end)
            return &modules[i];
    return NULL;
}

static bool is_system_module(const module *m) {
    return !m || strncmp(m->name, "libc.so", 7) == 0 || strncmp(m->name, "ld-linux", 8) == 0 ||
           strncmp(m->name, "libfault", 8) == 0 || strncmp(m->name, "libgcc", 6) == 0 ||
           strncmp(m->name, "libpthread", 10) == 0 || strncmp(m->name, "linux-vdso", 10) == 0;
}

/* The first module that is neither libc nor this library. */
static const char *find_caller(void *const *frames, int n) {
    for (int i = 0; i < n; i++) {
        const module *m = find_module(frames[i]);
        if (!is_system_module(m)) return m->name;
    }
    return "?";
}

__attribute__((format(printf, 1, 2))) static void write_log(const char *format, ...) {
    char line[256];
    va_list args;
    if (log_fd < 0) return;
    va_start(args, format);
    const int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (n > 0) syscall(SYS_write, log_fd, line, (size_t)n);
}

/* Offsets in the program, for addr2line. */
static void write_program_frames(void *const *frames, int n) {
    for (int i = 0; i < n; i++) {
        const module *m = find_module(frames[i]);
        if (m && m == &modules[0])
            write_log(" %lx", (unsigned long)((uintptr_t)frames[i] - m->base));
    }
    write_log("\n");
}

/* Async-signal-unsafe, as far as backtrace is: a crash is reported as well as possible. */
static void report_signal(int number) {
    void *frames[DEPTH_MAX];
    is_inside = true;
    const int n = backtrace(frames, DEPTH_MAX);
    const char *caller = find_caller(frames, n);
    write_log("signal %d %s", number, caller);
    write_program_frames(frames, n);
    signal(number, SIG_DFL);
    raise(number);
}

static void activate(const char *log, const char *stack, const char *frame, const char *repeat,
                     const char *error) {
    static const int fatal[] = {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE};
    if (log && *log)
        log_fd = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
                              0666);
    wanted_stack = stack ? strtoull(stack, NULL, 16) : 0;
    wanted_frame = frame ? strtoull(frame, NULL, 16) : 0;
    fault_errno = error && *error ? atoi(error) : EIO;
    forever = repeat && strcmp(repeat, "always") == 0;
    n_repeats = repeat ? atoi(repeat) : 0;
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
        signal(fatal[i], report_signal);
    is_active = true;
}

__attribute__((constructor)) static void open_library(void) {
    const char *log = getenv("FAULT_LOG"), *stack = getenv("FAULT_STACK");
    void *frames[2];
    if (!log && !stack && !getenv("FAULT_SERVER")) return;
    backtrace(frames, 2); /* loads libgcc now */
    dl_iterate_phdr(add_module, NULL);
    if (log || stack)
        activate(log, stack, getenv("FAULT_FRAME"), getenv("FAULT_REPEAT"), getenv("FAULT_ERRNO"));
}

/* ---- server: main() in a child for each request */

#define REQUEST_BYTES 65536
#define ARGS_MAX      64

enum { FOLDER, OUTPUT, ERRORS, LOG, STACK, FRAME, REPEAT, ERRNO, ARGS };

static int (*program_main)(int, char **, char **);

static void redirect(const char *path, int flags, int to) {
    const int fd = (int)syscall(SYS_openat, AT_FDCWD, path, flags, 0666);
    if (fd < 0 || dup2(fd, to) < 0) _exit(127);
    syscall(SYS_close, fd);
}

/* The child of a request; name is that of the program. */
static int run_request(char **fields, size_t n_fields, char *name, char **environment) {
    char *args[ARGS_MAX + 1] = {name};
    int n = 1;
    for (size_t i = ARGS; i < n_fields; i++)
        args[n++] = fields[i];
    if (chdir(fields[FOLDER]) != 0) return 127;
    redirect("/dev/null", O_RDONLY, STDIN_FILENO);
    redirect(fields[OUTPUT], O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO);
    redirect(fields[ERRORS], O_WRONLY | O_CREAT | O_TRUNC, STDERR_FILENO);
    if (*fields[LOG])
        activate(fields[LOG], fields[STACK], fields[FRAME], fields[REPEAT], fields[ERRNO]);
    return program_main(n, args, environment);
}

static size_t split_fields(char *line, char **fields) {
    size_t n = 0;
    for (char *at = line; at && n < ARGS + ARGS_MAX - 1; n++) {
        fields[n] = at;
        at = strchr(at, '\x1f');
        if (at) *at++ = '\0';
    }
    return n;
}

static int serve(int argc, char **argv, char **environment) {
    static char line[REQUEST_BYTES];
    char *fields[ARGS + ARGS_MAX];
    const int answers = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 100);
    (void)argc;
    while (fgets(line, sizeof line, stdin)) {
        int status;
        line[strcspn(line, "\n")] = '\0';
        const size_t n = split_fields(line, fields);
        const pid_t child = n < ARGS ? -1 : fork();
        if (child < 0) return 127;
        if (child == 0) {
            syscall(SYS_close, answers);
            exit(run_request(fields, n, argv[0], environment));
        }
        dprintf(answers, "%d\n", (int)child);
        waitpid(child, &status, 0);
        dprintf(answers, "%d\n", status);
    }
    return 0;
}

int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*rtld_fini)(void), void *stack_end);

int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*rtld_fini)(void), void *stack_end) {
    typedef int begin(int (*)(int, char **, char **), int, char **, void (*)(void), void (*)(void),
                      void (*)(void), void *);
    begin *real = (begin *)(uintptr_t)dlsym(RTLD_NEXT, "__libc_start_main");
    program_main = main;
    return real(getenv("FAULT_SERVER") ? serve : main, argc, argv, init, fini, rtld_fini,
                stack_end);
}

/* ---- call stacks */

static bool occurs_before(void *const *frames, int i) {
    for (int k = 1; k < i; k++)
        if (frames[k] == frames[i]) return true;
    return false;
}

/* Whether this is the first call with its stack. */
static bool remember(uint64_t hash) {
    for (size_t i = hash % STACKS_MAX;; i = (i + 1) % STACKS_MAX) {
        uint64_t empty = 0;
        if (atomic_load(&seen[i]) == hash) return false;
        if (atomic_compare_exchange_strong(&seen[i], &empty, hash)) return true;
        if (empty == hash) return false;
    }
}

static uint64_t offset_of(const void *address) {
    const module *m = find_module(address);
    return m ? (uintptr_t)address - m->base : 0;
}

/* Whether the current call, of a function that returns to caller, is to fail. */
static bool check_call(kind what, const char *function, const void *caller) {
    void *frames[DEPTH_MAX];
    uint64_t hash = 0xcbf29ce484222325U;
    bool in_program = false, fails = false;

    if (!is_active || is_inside) return false;
    const bool again = atomic_load(&has_failed);
    if (again && (forever || n_repeats <= 0)) return forever && what == failed_kind;
    if (wanted_frame && offset_of(caller) != wanted_frame) return false;
    is_inside = true;
    const int saved = errno, n = backtrace(frames, DEPTH_MAX);
    for (int i = 1; i < n; i++) {
        if (occurs_before(frames, i)) continue;
        in_program = in_program || find_module(frames[i]) == &modules[0];
        hash = (hash ^ offset_of(frames[i])) * 0x100000001b3U;
    }
    for (const char *c = function; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 0x100000001b3U;
    if (again) {
        fails = hash == wanted_stack && atomic_fetch_sub(&n_repeats, 1) > 0;
    } else if (in_program && hash != 0 && remember(hash)) {
        bool first = false;
        if (!wanted_stack)
            write_log("%s %016lx %s %s %lx\n", what == ALLOC ? "alloc" : "call",
                      (unsigned long)hash, function, find_caller(frames, n),
                      (unsigned long)offset_of(caller));
        if (hash == wanted_stack && atomic_compare_exchange_strong(&has_failed, &first, true)) {
            failed_kind = what;
            fails = true;
            write_log("failed %s", function);
            write_program_frames(frames, n);
        }
    }
    errno = saved;
    is_inside = false;
    return fails;
}

#define must_fail(what, function) check_call(what, function, __builtin_return_address(0))

/* ---- allocations */

static void *no_memory(void) {
    errno = ENOMEM;
    return NULL;
}

void *malloc(size_t n) {
    return must_fail(ALLOC, "malloc") ? no_memory() : __libc_malloc(n);
}

void *calloc(size_t n, size_t size) {
    return must_fail(ALLOC, "calloc") ? no_memory() : __libc_calloc(n, size);
}

void *realloc(void *block, size_t n) {
    return must_fail(ALLOC, "realloc") ? no_memory() : __libc_realloc(block, n);
}

void *aligned_alloc(size_t alignment, size_t n) {
    return must_fail(ALLOC, "aligned_alloc") ? no_memory() : __libc_memalign(alignment, n);
}

int posix_memalign(void **block, size_t alignment, size_t n) {
    if (must_fail(ALLOC, "posix_memalign")) return ENOMEM;
    *block = __libc_memalign(alignment, n);
    return *block ? 0 : ENOMEM;
}

void *mmap(void *address, size_t n, int protection, int flags, int fd, off_t offset) {
    if (must_fail(ALLOC, "mmap")) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    return (void *)syscall(SYS_mmap, address, n, protection, flags, fd, offset);
}

/* ---- system calls */

static long fail_call(void) {
    errno = fault_errno ? fault_errno : EIO;
    return -1;
}

static int open_file(int dir, const char *path, int flags, va_list args) {
    const mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
    if (must_fail(CALL, "open")) return (int)fail_call();
    return (int)syscall(SYS_openat, dir, path, flags, mode);
}

#define DEFINE_OPEN(name)                                                                          \
    int name(const char *path, int flags, ...) {                                                   \
        va_list args;                                                                              \
        va_start(args, flags);                                                                     \
        const int fd = open_file(AT_FDCWD, path, flags, args);                                     \
        va_end(args);                                                                              \
        return fd;                                                                                 \
    }
#define DEFINE_OPENAT(name)                                                                        \
    int name(int dir, const char *path, int flags, ...) {                                          \
        va_list args;                                                                              \
        va_start(args, flags);                                                                     \
        const int fd = open_file(dir, path, flags, args);                                          \
        va_end(args);                                                                              \
        return fd;                                                                                 \
    }
DEFINE_OPEN(open)
DEFINE_OPEN(open64)
DEFINE_OPENAT(openat)
DEFINE_OPENAT(openat64)

/* The real function behind one that libc implements on top of system calls. */
#define REAL(name, type) ((type)(uintptr_t)dlsym(RTLD_NEXT, name))

FILE *fopen(const char *path, const char *mode) {
    if (must_fail(CALL, "fopen")) return fail_call(), NULL;
    return REAL("fopen", FILE * (*)(const char *, const char *))(path, mode);
}

FILE *fopen64(const char *path, const char *mode) {
    return fopen(path, mode);
}

DIR *opendir(const char *path) {
    if (must_fail(CALL, "opendir")) return fail_call(), NULL;
    return REAL("opendir", DIR * (*)(const char *))(path);
}

struct dirent *readdir(DIR *dir) {
    if (must_fail(CALL, "readdir")) return fail_call(), NULL;
    return REAL("readdir", struct dirent * (*)(DIR *))(dir);
}

struct dirent64 *readdir64(DIR *dir) {
    return (struct dirent64 *)readdir(dir);
}

static size_t half(size_t n) {
    return n > 1 ? n / 2 : n;
}

ssize_t read(int fd, void *bytes, size_t n) {
    if (must_fail(CALL, "read")) {
        if (fault_errno) return fail_call();
        n = half(n);
    }
    return syscall(SYS_read, fd, bytes, n);
}

ssize_t pread(int fd, void *bytes, size_t n, off_t offset) {
    if (must_fail(CALL, "pread")) {
        if (fault_errno) return fail_call();
        n = half(n);
    }
    return syscall(SYS_pread64, fd, bytes, n, offset);
}

ssize_t pread64(int fd, void *bytes, size_t n, off64_t offset) {
    return pread(fd, bytes, n, offset);
}

ssize_t write(int fd, const void *bytes, size_t n) {
    if (must_fail(CALL, "write")) {
        if (fault_errno) return fail_call();
        n = half(n);
    }
    return syscall(SYS_write, fd, bytes, n);
}

int fsync(int fd) {
    return must_fail(CALL, "fsync") ? (int)fail_call() : (int)syscall(SYS_fsync, fd);
}

/* A close that fails has closed the descriptor, as on Linux. */
int close(int fd) {
    const bool fails = must_fail(CALL, "close");
    const int result = (int)syscall(SYS_close, fd);
    return fails ? (int)fail_call() : result;
}

int rename(const char *from, const char *to) {
    if (must_fail(CALL, "rename")) return (int)fail_call();
    return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0U);
}

int mkdir(const char *path, mode_t mode) {
    if (must_fail(CALL, "mkdir")) return (int)fail_call();
    return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

int unlink(const char *path) {
    if (must_fail(CALL, "unlink")) return (int)fail_call();
    return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

/* Functions that return -1 and set errno. */
#define DEFINE_INT(name, parameters, ...)                                                          \
    int name parameters {                                                                          \
        if (must_fail(CALL, #name)) return (int)fail_call();                                       \
        return REAL(#name, int(*) parameters)(__VA_ARGS__);                                        \
    }
DEFINE_INT(stat, (const char *path, struct stat *info), path, info)
DEFINE_INT(stat64, (const char *path, struct stat64 *info), path, info)
DEFINE_INT(lstat, (const char *path, struct stat *info), path, info)
DEFINE_INT(lstat64, (const char *path, struct stat64 *info), path, info)
DEFINE_INT(fstat, (int fd, struct stat *info), fd, info)
DEFINE_INT(fstat64, (int fd, struct stat64 *info), fd, info)
DEFINE_INT(fstatat64, (int dir, const char *path, struct stat64 *info, int flags), dir, path, info,
           flags)
DEFINE_INT(access, (const char *path, int mode), path, mode)
DEFINE_INT(statvfs, (const char *path, struct statvfs *info), path, info)
DEFINE_INT(statvfs64, (const char *path, struct statvfs64 *info), path, info)
DEFINE_INT(rmdir, (const char *path), path)
DEFINE_INT(remove, (const char *path), path)
DEFINE_INT(link, (const char *from, const char *to), from, to)
DEFINE_INT(symlink, (const char *to, const char *path), to, path)
DEFINE_INT(renameat, (int a, const char *from, int b, const char *to), a, from, b, to)
DEFINE_INT(renameat2, (int a, const char *from, int b, const char *to, unsigned flags), a, from, b,
           to, flags)
DEFINE_INT(fdatasync, (int fd), fd)
DEFINE_INT(ftruncate, (int fd, off_t n), fd, n)
DEFINE_INT(ftruncate64, (int fd, off64_t n), fd, n)
DEFINE_INT(posix_fallocate64, (int fd, off64_t at, off64_t n), fd, at, n)
DEFINE_INT(flock, (int fd, int operation), fd, operation)
DEFINE_INT(munmap, (void *address, size_t n), address, n)
DEFINE_INT(nanosleep, (const struct timespec *wanted, struct timespec *rest), wanted, rest)
DEFINE_INT(sched_getaffinity, (pid_t pid, size_t n, cpu_set_t *set), pid, n, set)
DEFINE_INT(kill, (pid_t pid, int number), pid, number)

/* Functions that return a pointer or a size, and a value of theirs on failure. */
#define DEFINE_OTHER(type, failure, name, parameters, ...)                                         \
    type name parameters {                                                                         \
        if (must_fail(CALL, #name)) return fail_call(), failure;                                   \
        return REAL(#name, type(*) parameters)(__VA_ARGS__);                                       \
    }
DEFINE_OTHER(FILE *, NULL, fdopen, (int fd, const char *mode), fd, mode)
DEFINE_OTHER(DIR *, NULL, fdopendir, (int fd), fd)
DEFINE_OTHER(char *, NULL, fgets, (char *line, int n, FILE *file), line, n, file)
DEFINE_OTHER(char *, NULL, realpath, (const char *path, char *absolute), path, absolute)
DEFINE_OTHER(char *, NULL, mkdtemp, (char *path), path)
DEFINE_OTHER(ssize_t, -1, getline, (char **line, size_t *n, FILE *file), line, n, file)
DEFINE_OTHER(ssize_t, -1, __getdelim, (char **line, size_t *n, int end, FILE *file), line, n, end,
             file) /* what an inline getline calls */
DEFINE_OTHER(ssize_t, -1, readlink, (const char *path, char *to, size_t n), path, to, n)
DEFINE_OTHER(ssize_t, -1, getrandom, (void *bytes, size_t n, unsigned flags), bytes, n, flags)
DEFINE_OTHER(ssize_t, -1, readv, (int fd, const struct iovec *parts, int n), fd, parts, n)
DEFINE_OTHER(ssize_t, -1, writev, (int fd, const struct iovec *parts, int n), fd, parts, n)
DEFINE_OTHER(ssize_t, -1, preadv64, (int fd, const struct iovec *parts, int n, off64_t at), fd,
             parts, n, at)
DEFINE_OTHER(ssize_t, -1, pwrite64, (int fd, const void *bytes, size_t n, off64_t at), fd, bytes, n,
             at)
DEFINE_OTHER(long, -1, sysconf, (int name), name)
DEFINE_OTHER(locale_t, (locale_t)0, newlocale, (int mask, const char *name, locale_t base), mask,
             name, base)

/* A stream that cannot be flushed at its end is closed. */
int fclose(FILE *file) {
    const bool fails = must_fail(CALL, "fclose");
    const int result = REAL("fclose", int (*)(FILE *))(file);
    return fails ? (fail_call(), EOF) : result;
}

int fflush(FILE *file) {
    if (must_fail(CALL, "fflush")) return fail_call(), EOF;
    return REAL("fflush", int (*)(FILE *))(file);
}

int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes) {
    typedef int init(pthread_mutex_t *, const pthread_mutexattr_t *);
    if (must_fail(CALL, "pthread_mutex_init")) return ENOMEM;
    return REAL("pthread_mutex_init", init *)(mutex, attributes);
}

int pthread_cond_init(pthread_cond_t *condition, const pthread_condattr_t *attributes) {
    typedef int init(pthread_cond_t *, const pthread_condattr_t *);
    if (must_fail(CALL, "pthread_cond_init")) return ENOMEM;
    return REAL("pthread_cond_init", init *)(condition, attributes);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *),
                   void *context) {
    typedef int create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    if (must_fail(CALL, "pthread_create")) return EAGAIN;
    return REAL("pthread_create", create *)(thread, attributes, start, context);
}
