// The grammar of a line is a table: each kind of fault and the words that follow its name.
#include "tools/mqtt-as/chaos_script.hpp"

#include "tools/mqtt-as/command_line.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <sstream>
#include <utility>

namespace mqtt_as::cli {

namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

struct grammar {
    fault_kind kind;
    std::string_view name;
    std::string_view words;  // s: how long [s], d: delay [s], r: bytes per second, p: packet, b: bit
    std::string_view example;
};

constexpr std::array<grammar, 10> grammars{{
    {fault_kind::stall, "stall", "s", "at 10 stall 8"},
    {fault_kind::drop, "drop", "s", "at 10 drop 25"},
    {fault_kind::reset, "reset", "", "at 10 reset"},
    {fault_kind::close, "close", "", "at 10 close"},
    {fault_kind::refuse, "refuse", "s", "at 10 refuse 5"},
    {fault_kind::delay, "delay", "ds", "at 10 delay 0.2 30"},
    {fault_kind::bandwidth, "bandwidth", "rs", "at 10 bandwidth 1000 30"},
    {fault_kind::cut, "cut", "p", "at 10 cut publish"},
    {fault_kind::corrupt, "corrupt", "pb", "at 10 corrupt publish 77"},
    {fault_kind::withhold, "withhold", "ps", "at 10 withhold puback 5"},
}};

const grammar& grammar_of(fault_kind kind) { return grammars[static_cast<std::size_t>(kind)]; }

// Each goes one way only, but for PUBLISH, which is called a delivery on its way to a client.
struct packet_word {
    std::string_view name;
    chaos::packet_type type;
    chaos::toward to;
};

constexpr std::array<packet_word, 16> packets{{
    {"connect", chaos::packet_type::connect, chaos::toward::broker},
    {"connack", chaos::packet_type::connack, chaos::toward::client},
    {"publish", chaos::packet_type::publish, chaos::toward::broker},
    {"delivery", chaos::packet_type::publish, chaos::toward::client},
    {"puback", chaos::packet_type::puback, chaos::toward::client},
    {"pubrec", chaos::packet_type::pubrec, chaos::toward::client},
    {"pubrel", chaos::packet_type::pubrel, chaos::toward::broker},
    {"pubcomp", chaos::packet_type::pubcomp, chaos::toward::client},
    {"subscribe", chaos::packet_type::subscribe, chaos::toward::broker},
    {"suback", chaos::packet_type::suback, chaos::toward::client},
    {"unsubscribe", chaos::packet_type::unsubscribe, chaos::toward::broker},
    {"unsuback", chaos::packet_type::unsuback, chaos::toward::client},
    {"pingreq", chaos::packet_type::pingreq, chaos::toward::broker},
    {"pingresp", chaos::packet_type::pingresp, chaos::toward::client},
    {"disconnect", chaos::packet_type::disconnect, chaos::toward::broker},
    {"acknowledgement", chaos::packet_type::puback, chaos::toward::broker},  // of a delivery
}};

template <class Table>
std::string names_in(const Table& table) {
    std::string all;
    for (const auto& each : table) all += (all.empty() ? "" : ", ") + std::string(each.name);
    return all;
}

const packet_word& packet_named(std::string_view name) {
    const auto* const found =
        std::find_if(packets.begin(), packets.end(), [&](const packet_word& each) { return each.name == name; });
    if (found == packets.end())
        throw usage_error("there is no packet '" + std::string(name) + "'; there are " + names_in(packets));
    return *found;
}

milliseconds seconds_in(std::string_view word) {
    double value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    constexpr double most = 1e9;
    if (error != std::errc() || end != word.data() + word.size() || !(value >= 0 && value <= most))
        throw usage_error("'" + std::string(word) + "' is no time in seconds");
    return milliseconds(std::llround(value * 1000));
}

std::string in_seconds(milliseconds time) {
    std::string text = std::to_string(time.count() / 1000);
    if (const auto rest = time.count() % 1000; rest != 0) {
        std::string digits = std::to_string(1000 + rest).substr(1);
        digits.erase(digits.find_last_not_of('0') + 1);
        text += "." + digits;
    }
    return text;
}

void read_word(fault& into, char what, const std::string& word) {
    switch (what) {
    case 's': into.lasts = seconds_in(word); break;
    case 'd': into.delay = seconds_in(word); break;
    case 'r': into.bytes_per_second = number_in(word, 1, 1u << 30, "the bandwidth"); break;
    case 'p': into.packet = packet_named(word).name; break;
    default: into.bit = number_in(word, 0, 1u << 30, "the bit"); break;
    }
}

std::string word_of(const fault& from, char what) {
    switch (what) {
    case 's': return in_seconds(from.lasts);
    case 'd': return in_seconds(from.delay);
    case 'r': return std::to_string(from.bytes_per_second);
    case 'p': return std::string(from.packet);
    default: return std::to_string(from.bit);
    }
}

fault read_line(std::vector<std::string> words) {
    fault read;
    constexpr std::string_view client = "client=";
    if (words.back().starts_with(client)) {
        read.client = words.back().substr(client.size());
        if (read.client.empty()) throw usage_error("client= names nobody: write client=ID, or leave it away for all");
        words.pop_back();
    }
    if (words.size() < 3 || words[0] != "at") throw usage_error("a line is like 'at 10 stall 8'");
    read.at = seconds_in(words[1]);
    read.what = fault_named(words[2]);
    const grammar& expected = grammar_of(read.what);
    if (words.size() != 3 + expected.words.size())
        throw usage_error(std::string(expected.name) + " is written like '" + std::string(expected.example) + "'");
    if (read.what == fault_kind::refuse && !read.client.empty())
        throw usage_error("refuse is for all: who connects has not said its name yet");
    for (std::size_t n = 0; n < expected.words.size(); ++n) read_word(read, expected.words[n], words[3 + n]);
    return read;
}

}  // namespace

std::string fault::text() const {
    const grammar& as = grammar_of(what);
    std::string line = "at " + in_seconds(at) + " " + std::string(as.name);
    for (const char each : as.words) line += " " + word_of(*this, each);
    if (!client.empty()) line += " client=" + client;
    return line;
}

chaos::rule fault::rule() const {
    const packet_word& about = packet_named(packet);
    chaos::rule made{.client = client, .to = about.to, .type = about.type};
    if (what == fault_kind::cut) made.what = chaos::action::cut_reset;
    if (what == fault_kind::withhold) {
        made.what = chaos::action::withhold;
        made.times = static_cast<unsigned>(-1);
    }
    if (what == fault_kind::corrupt) {
        made.what = chaos::action::corrupt;
        made.bit = bit;
    }
    return made;
}

std::string fault_names() { return names_in(grammars); }

bool is_about_packets(fault_kind kind) { return grammar_of(kind).words.starts_with('p'); }

std::set<fault_kind> all_faults(bool has_tls) {
    std::set<fault_kind> all;
    for (const grammar& each : grammars)
        if (!has_tls || !is_about_packets(each.kind)) all.insert(each.kind);
    return all;
}

fault_kind fault_named(std::string_view name) {
    const auto* const found =
        std::find_if(grammars.begin(), grammars.end(), [&](const grammar& each) { return each.name == name; });
    if (found == grammars.end())
        throw usage_error("there is no fault '" + std::string(name) + "'; there are " + fault_names());
    return found->kind;
}

std::vector<fault> read_script(std::istream& from, const std::string& name) {
    std::vector<fault> all;
    std::string line;
    for (int number = 1; std::getline(from, line); ++number) {
        std::istringstream text(line.substr(0, line.find('#')));
        std::vector<std::string> words;
        for (std::string word; text >> word;) words.push_back(word);
        if (words.empty()) continue;
        try {
            fault read = read_line(std::move(words));
            const auto later = [](const fault& a, const fault& b) { return a.at < b.at; };
            const auto place = std::upper_bound(all.begin(), all.end(), read, later);
            all.insert(place, std::move(read));
        } catch (const usage_error& error) {
            throw usage_error(name + ":" + std::to_string(number) + ": " + error.what());
        }
    }
    return all;
}

random_faults::random_faults(std::uint64_t seed, std::set<fault_kind> kinds, milliseconds pause)
    : state_(seed), kinds_(kinds.begin(), kinds.end()), pause_(pause) {}

// splitmix64: the standard library's distributions differ between libraries.
std::uint64_t random_faults::draw() {
    state_ += 0x9E3779B97F4A7C15u;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

milliseconds random_faults::between(milliseconds low, milliseconds high) {
    const auto choices = static_cast<std::uint64_t>((high - low).count()) + 1;
    return low + milliseconds(static_cast<std::int64_t>(draw() % choices));
}

fault random_faults::next() {
    fault drawn;
    drawn.at = time_ + between(pause_ / 2, pause_ + pause_ / 2);
    drawn.what = kinds_[draw() % kinds_.size()];
    for (const char word : grammar_of(drawn.what).words) {
        switch (word) {
        // Short ones and long ones alike: what a client bears, and what it must take for the end.
        case 's': drawn.lasts = draw() % 2 == 0 ? between(100ms, 3s) : between(3s, 40s); break;
        case 'd': drawn.delay = between(10ms, 2s); break;
        case 'r': drawn.bytes_per_second = 100u << draw() % 10; break;
        case 'p': drawn.packet = packets[draw() % packets.size()].name; break;
        default: drawn.bit = draw() % 800; break;
        }
    }
    time_ = drawn.at + drawn.lasts;
    return drawn;
}

}  // namespace mqtt_as::cli
