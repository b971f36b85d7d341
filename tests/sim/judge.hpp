// The judge: the first broken promise ends a run; the trace: every input and output, folded into one number.
#pragma once

#include "mqtt_as/types.hpp"
#include "tests/sim/schedule.hpp"

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace mqtt_as::sim {

/// FNV-1a over all inputs and outputs. Equal seeds give equal hashes, on every compiler and machine.
class trace {
public:
    void add(std::uint64_t number) {
        for (int shift = 0; shift < 64; shift += 8) mix(static_cast<std::uint8_t>(number >> shift));
    }
    void add(bytes data) {
        add(data.size());
        for (const std::uint8_t b : data) mix(b);
    }
    void add(std::string_view text) {
        add(text.size());
        for (const char c : text) mix(static_cast<std::uint8_t>(c));
    }
    std::uint64_t hash() const { return hash_; }

private:
    void mix(std::uint8_t b) { hash_ = (hash_ ^ b) * 0x100000001B3u; }
    std::uint64_t hash_ = 0xCBF29CE484222325u;
};

class judge {
public:
    judge(const schedule& time, bool verbose) : time_(time), verbose_(verbose) {}

    /// A promise is broken. The first one counts; what follows from it is noise.
    void object(const std::string& what) {
        if (!verdict_.empty()) return;
        verdict_ = "at " + stamp() + ": " + what;
        if (verbose_) std::printf("%12s  OBJECTION %s\n", stamp().c_str(), what.c_str());
    }
    void demand(bool kept, const char* promise) {
        if (!kept) object(promise);
    }
    /// One line of the story, for `--verbose`.
    void tell(const std::string& what) const {
        if (verbose_) std::printf("%12s  %s\n", stamp().c_str(), what.c_str());
    }
    bool is_verbose() const { return verbose_; }
    bool has_objected() const { return !verdict_.empty(); }
    const std::string& verdict() const { return verdict_; }

private:
    std::string stamp() const {
        const std::string ms = std::to_string(time_.now() % 1000);
        return std::to_string(time_.now() / 1000) + "." + std::string(3 - ms.size(), '0') + ms + " s";
    }

    const schedule& time_;
    bool verbose_;
    std::string verdict_;
};

}  // namespace mqtt_as::sim
