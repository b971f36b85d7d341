// Arm's semihosting: a breakpoint that the emulator understands, with an operation in r0 and its arguments in r1.
#include "firmware/common/semihosting.hpp"

#include <cstring>

namespace board {

namespace {

enum operation : std::uint32_t {
    sys_open = 0x01,
    sys_close = 0x02,
    sys_write = 0x05,
    sys_write0 = 0x04,
    sys_read = 0x06,
    sys_remove = 0x0E,
    sys_get_cmdline = 0x15,
    sys_exit_extended = 0x20,
};

std::uint32_t call(operation what, const void* with) {
    register std::uint32_t r0 asm("r0") = what;
    register const void* r1 asm("r1") = with;
    asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

class file {
public:
    file(const char* path, std::uint32_t mode) {
        const struct {
            const char* path;
            std::uint32_t mode;
            std::size_t size;
        } request{path, mode, std::strlen(path)};
        handle_ = call(sys_open, &request);
    }
    ~file() {
        if (is_open()) call(sys_close, &handle_);
    }
    bool is_open() const { return handle_ != UINT32_MAX; }
    /// How many bytes were not read, or written.
    std::uint32_t transfer(operation what, const void* data, std::size_t size) const {
        const struct {
            std::uint32_t handle;
            const void* data;
            std::size_t size;
        } request{handle_, data, size};
        return call(what, &request);
    }

private:
    std::uint32_t handle_;
};

constexpr std::uint32_t mode_read = 1;   // "rb"
constexpr std::uint32_t mode_write = 5;  // "wb"

}  // namespace

void print(std::string_view text) {
    while (!text.empty()) {  // zero-terminated pieces
        char piece[32];
        const std::size_t size = text.size() < sizeof piece ? text.size() : sizeof piece - 1;
        std::memcpy(piece, text.data(), size);
        piece[size] = 0;
        call(sys_write0, piece);
        text.remove_prefix(size);
    }
}

void print(std::uint32_t number) {
    char digits[10];
    char* first = digits + sizeof digits;
    do {
        *--first = static_cast<char>('0' + number % 10);
        number /= 10;
    } while (number != 0);
    print(std::string_view(first, static_cast<std::size_t>(digits + sizeof digits - first)));
}

void exit(int status) {
    const struct {
        std::uint32_t reason;
        std::uint32_t status;
    } request{0x20026, static_cast<std::uint32_t>(status)};  // ADP_Stopped_ApplicationExit
    call(sys_exit_extended, &request);
    for (;;) {
    }
}

std::string_view argument(std::string_view name) {
    static char line[160];
    if (line[0] == 0) {
        const struct {
            char* line;
            std::size_t size;
        } request{line, sizeof line};
        if (call(sys_get_cmdline, &request) != 0) return {};
        for (char& c : line)  // the arguments, each zero-terminated
            if (c == ' ') c = 0;
    }
    for (const char* at = line; at < line + sizeof line - 1; at += std::strlen(at) + 1) {
        std::string_view word = at;
        if (!word.starts_with(name) || word.size() == name.size() || word[name.size()] != '=') continue;
        word.remove_prefix(name.size() + 1);
        return word;
    }
    return {};
}

std::uint32_t number_argument(std::string_view name, std::uint32_t otherwise) {
    const std::string_view text = argument(name);
    if (text.empty()) return otherwise;
    std::uint32_t value = 0;
    for (const char c : text) value = value * 10 + static_cast<std::uint32_t>(c - '0');
    return value;
}

std::size_t read_file(const char* path, std::span<std::uint8_t> to) {
    const file f(path, mode_read);
    return f.is_open() ? to.size() - f.transfer(sys_read, to.data(), to.size()) : 0;
}

bool write_file(const char* path, std::span<const std::span<const std::uint8_t>> parts) {
    const file f(path, mode_write);
    if (!f.is_open()) return false;
    for (const auto part : parts)
        if (f.transfer(sys_write, part.data(), part.size()) != 0) return false;
    return true;
}

void remove_file(const char* path) {
    const struct {
        const char* path;
        std::size_t size;
    } request{path, std::strlen(path)};
    call(sys_remove, &request);
}

}  // namespace board
