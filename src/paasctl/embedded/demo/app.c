/* The demo's application: answers every request with the file /greeting, exits 3 without DATABASE_URL.
 * Linux on x86-64 alone, no libc, so that an image `FROM scratch` runs it; `nox -s demo_app` builds it.
 */
typedef unsigned long word;

static long call(word number, word a, word b, word c, word d, word e) {
    long result;
    register word r10 __asm__("r10") = d;
    register word r8 __asm__("r8") = e;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                     : "rcx", "r11", "memory");
    return result;
}

enum { READ, WRITE, OPEN, CLOSE, SIGACTION = 13, SOCKET = 41, ACCEPT = 43, SHUTDOWN = 48, BIND, LISTEN, SETSOCKOPT = 54,
       EXIT = 60 };

static word length(const char *text) {
    word count = 0;
    while (text[count]) count++;
    return count;
}

static void say(int where, const char *text) { call(WRITE, where, (word)text, length(text), 0, 0); }

static void leave(int number) {
    (void)number;
    say(2, "app: asked to stop\n");
    call(EXIT, 0, 0, 0, 0, 0);
}

static const char *variable(char **environment, const char *name) {
    for (; *environment; environment++) {
        word at = 0;
        while (name[at] && (*environment)[at] == name[at]) at++;
        if (!name[at] && (*environment)[at] == '=') return *environment + at + 1;
    }
    return 0;
}

static const char HEAD[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\nX-Version: ";

static void answer(int client) {
    static char asked[4096], text[1024], out[2048];
    call(READ, client, (word)asked, sizeof asked, 0, 0);
    int file = call(OPEN, (word) "/greeting", 0, 0, 0, 0);
    long size = file < 0 ? 0 : call(READ, file, (word)text, sizeof text, 0, 0);
    if (file >= 0) call(CLOSE, file, 0, 0, 0, 0);
    word used = 0;
    for (word at = 0; HEAD[at]; at++) out[used++] = HEAD[at];
    for (long at = 0; at < size && text[at] != '\n'; at++) out[used++] = text[at];
    for (word at = 0; at < 4; at++) out[used++] = "\r\n\r\n"[at];
    for (long at = 0; at < size; at++) out[used++] = text[at];
    call(WRITE, client, (word)out, used, 0, 0);
    call(SHUTDOWN, client, 1, 0, 0, 0);
    call(READ, client, (word)asked, sizeof asked, 0, 0);
    call(CLOSE, client, 0, 0, 0, 0);
}

__attribute__((used)) static void begin(word *stack) {
    char **environment = (char **)(stack + stack[0] + 2);
    const char *database = variable(environment, "DATABASE_URL");
    say(2, "app: starting\n");
    if (!database || !*database) {
        say(2, "app: DATABASE_URL is not set, and there is nowhere to keep greetings\n");
        call(EXIT, 3, 0, 0, 0, 0);
    }
    struct { void (*handler)(int); word flags; void (*restorer)(int); word mask; } action = {leave, 0x04000000, leave, 0};
    call(SIGACTION, 15, (word)&action, 0, 8, 0);
    call(SIGACTION, 2, (word)&action, 0, 8, 0);
    struct { unsigned short family, port; unsigned address; char rest[8]; } here = {2, 0x901f, 0, {0}}; /* 8080 */
    int listener = call(SOCKET, 2, 1, 0, 0, 0), yes = 1;
    call(SETSOCKOPT, listener, 1, 2, (word)&yes, sizeof yes);
    if (listener < 0 || call(BIND, listener, (word)&here, sizeof here, 0, 0) || call(LISTEN, listener, 64, 0, 0, 0)) {
        say(2, "app: port 8080 is taken\n");
        call(EXIT, 1, 0, 0, 0, 0);
    }
    say(2, "app: listening on port 8080\n");
    for (;;) {
        int client = call(ACCEPT, listener, 0, 0, 0, 0);
        if (client >= 0) answer(client);
    }
}

__asm__(".globl _start\n_start:\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall begin\n");
