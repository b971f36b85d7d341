// Queries and answers of DNS.
#include "src/asio/dns.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

namespace mqtt_as::detail {

namespace {

constexpr std::size_t header_size = 12;
constexpr std::size_t name_max = 255;
constexpr std::uint8_t response_flag = 0x80;
constexpr std::uint8_t opcode_bits = 0x78;
constexpr std::uint8_t truncated_flag = 0x02;
constexpr std::uint8_t response_code_bits = 0x0F;
constexpr std::uint16_t type_a = 1;
constexpr std::uint16_t class_in = 1;

/// Reads on; once it has failed everything is 0.
class cursor {
public:
    cursor(bytes all, std::size_t at) : all_(all), at_(std::min(at, all.size())), failed_(at > all.size()) {}

    std::uint8_t take_byte() {
        if (at_ >= all_.size()) failed_ = true;
        return failed_ ? 0 : all_[at_++];
    }
    std::uint16_t take_number() {
        const std::uint8_t high = take_byte();
        return static_cast<std::uint16_t>(high << 8 | take_byte());
    }
    bytes take(std::size_t size) {
        if (all_.size() - at_ < size) failed_ = true;
        if (failed_) return {};
        at_ += size;
        return all_.subspan(at_ - size, size);
    }
    /// A name may end by pointing to an earlier one, which is not followed: only where this one ends matters.
    void skip_name() {
        const std::size_t begin = at_;
        for (std::uint8_t size = take_byte(); size != 0 && !failed_; size = take_byte()) {
            if ((size & 0xC0) == 0xC0) {
                take_byte();
                return;
            }
            if (size > 63 || at_ - begin + size > name_max) failed_ = true;
            take(size);
        }
    }

    std::size_t at() const { return at_; }
    bool failed() const { return failed_; }

private:
    bytes all_;
    std::size_t at_;
    bool failed_;
};

std::uint16_t number_at(bytes packet, std::size_t at) {
    return static_cast<std::uint16_t>(packet[at] << 8 | packet[at + 1]);
}

/// Name, type and class as they stand in a packet with one question; empty when it is malformed.
bytes question_of(bytes packet) {
    cursor in(packet, header_size);
    in.skip_name();
    in.take(4);
    return in.failed() ? bytes() : packet.subspan(header_size, in.at() - header_size);
}

struct record {
    std::uint16_t type;
    std::uint16_t of_class;
    bytes data;
};

std::optional<record> take_record(cursor& in) {
    in.skip_name();
    record r{.type = in.take_number(), .of_class = in.take_number(), .data = {}};
    in.take(4);  // how long it may be kept
    r.data = in.take(in.take_number());
    if (in.failed()) return std::nullopt;
    return r;
}

bool is_public(bytes v4) {
    const unsigned a = v4[0];
    const unsigned b = v4[1];
    const bool is_special = a == 0 || a == 10 || a == 127 || a >= 224 || (a == 100 && b >= 64 && b < 128) ||
                            (a == 169 && b == 254) || (a == 172 && b >= 16 && b < 32) || (a == 192 && b == 168);
    return !is_special;
}

}  // namespace

std::array<std::uint8_t, 32> default_query(std::uint16_t id) {
    using namespace std::string_view_literals;
    constexpr auto rest = "\1\0\0\1\0\0\0\0\0\0\3www\6google\3com\0\0\1\0\1"sv;  // recursion desired, one question
    std::array<std::uint8_t, 32> query{static_cast<std::uint8_t>(id >> 8), static_cast<std::uint8_t>(id)};
    static_assert(rest.size() + 2 == query.size());
    std::copy(rest.begin(), rest.end(), query.begin() + 2);
    return query;
}

bool is_query(bytes packet) noexcept {
    constexpr std::size_t size_max = 512;  // of DNS over UDP
    if (packet.size() < header_size || packet.size() > size_max) return false;
    if ((packet[2] & (response_flag | opcode_bits)) != 0) return false;
    const bool has_one_question = number_at(packet, 4) == 1 && number_at(packet, 6) == 0;
    return has_one_question && !question_of(packet).empty();
}

wan_result judge_answer(bytes query, bytes answer) noexcept {
    if (answer.size() < header_size) return {wan_state::not_an_answer};
    const bool is_response = (answer[2] & response_flag) != 0 && (answer[2] & opcode_bits) == 0;
    if (number_at(answer, 0) != number_at(query, 0) || !is_response) return {wan_state::not_an_answer};

    const bytes question = question_of(query);
    const auto code = static_cast<std::uint8_t>(answer[3] & response_code_bits);
    const std::uint16_t questions = number_at(answer, 4);
    // Who refuses need not repeat the question.
    if (questions == 0 && code != 0) return {wan_state::refused, code};
    const bytes its = questions == 1 ? question_of(answer) : bytes();
    if (!std::equal(its.begin(), its.end(), question.begin(), question.end())) return {wan_state::not_an_answer};
    if (code != 0) return {wan_state::refused, code};
    if ((answer[2] & truncated_flag) != 0) return {wan_state::truncated};

    const std::uint16_t type = number_at(question, question.size() - 4);
    const std::uint16_t of_class = number_at(question, question.size() - 2);
    bool is_there = false;
    cursor in(answer, header_size + question.size());
    for (int left = number_at(answer, 6); left > 0; --left) {
        const auto r = take_record(in);
        if (!r || (r->type == type_a && r->of_class == class_in && r->data.size() != 4)) return {wan_state::malformed};
        is_there = is_there || (r->type == type && r->of_class == of_class);
    }
    return {is_there ? wan_state::ok : wan_state::no_record};
}

bool has_public_addresses(bytes answer) noexcept {
    cursor in(answer, header_size + question_of(answer).size());
    for (int left = number_at(answer, 6); left > 0; --left) {
        const auto r = take_record(in);
        if (r && r->type == type_a && r->of_class == class_in && !is_public(r->data)) return false;
    }
    return true;
}

}  // namespace mqtt_as::detail
