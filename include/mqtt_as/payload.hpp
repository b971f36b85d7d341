// What a message carries: bytes that are borrowed for the call, or handed over so that large bodies are never copied.
#pragma once

#include "mqtt_as/types.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace mqtt_as {

/// The body of a publish, made from whatever the caller has.
///
/// Views and lvalues are borrowed: they must live until the operation is initiated (for a coroutine, until the
/// full expression with `co_await` has begun to wait), then they have been copied. Rvalues and shared strings are
/// owned: from `limits::gather_from` bytes on they are kept and sent without any copy.
class payload {
public:
    payload() = default;
    payload(const char* text) : payload(std::string_view(text)) {}
    payload(std::string_view text) : view_(as_bytes(text.data(), text.size())) {}
    payload(const std::string& text) : payload(std::string_view(text)) {}
    payload(std::string&& text) : owner_(std::move(text)) {}
    payload(std::span<const std::byte> data) : view_(as_bytes(data.data(), data.size())) {}
    payload(bytes data) : view_(data) {}
    payload(const std::vector<std::byte>& data) : view_(as_bytes(data.data(), data.size())) {}
    payload(const std::vector<std::uint8_t>& data) : view_(data) {}
    payload(std::vector<std::byte>&& data) : owner_(std::move(data)) {}
    payload(std::vector<std::uint8_t>&& data) : owner_(std::move(data)) {}
    /// Shared with the caller; must not change any more.
    payload(std::shared_ptr<const std::string> text)
        : view_(text ? as_bytes(text->data(), text->size()) : bytes()), owner_(std::move(text)) {}
    /// Any bytes kept alive by any owner.
    payload(std::shared_ptr<const void> owner, bytes data) : view_(data), owner_(std::move(owner)) {}

    /// Valid until this object is moved or ends.
    bytes view() const {
        if (!owns()) return view_;
        switch (owner_.index()) {
        case 1: return of(std::get<1>(owner_));
        case 2: return of(std::get<2>(owner_));
        case 3: return of(std::get<3>(owner_));
        default: return view_;
        }
    }
    std::size_t size() const { return view().size(); }
    bool owns() const { return owner_.index() != 0; }

private:
    static bytes as_bytes(const void* data, std::size_t size) { return {static_cast<const std::uint8_t*>(data), size}; }
    template <class Container>
    static bytes of(const Container& c) {
        return as_bytes(c.data(), c.size());
    }

    bytes view_;
    std::variant<std::monostate, std::string, std::vector<std::byte>, std::vector<std::uint8_t>,
                 std::shared_ptr<const void>>
        owner_;
};

}  // namespace mqtt_as
