// An optional value that takes no room while there is none.
#pragma once

#include <concepts>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace mqtt_as {

/// As std::optional, on the heap.
template <class T>
class boxed {
public:
    boxed() = default;
    boxed(std::nullopt_t) {}
    boxed(std::optional<T> value) : value_(value ? std::make_unique<T>(*std::move(value)) : nullptr) {}
    boxed(T value) : value_(std::make_unique<T>(std::move(value))) {}
    boxed(const boxed& other) : value_(other ? std::make_unique<T>(*other) : nullptr) {}
    boxed(boxed&&) noexcept = default;
    boxed& operator=(boxed other) noexcept {
        value_ = std::move(other.value_);
        return *this;
    }
    /// Also from braces: `config.will = {"topic", "payload"}`.
    template <class U = T>
    boxed& operator=(U&& value)
        requires std::constructible_from<T, U> && (!std::same_as<std::remove_cvref_t<U>, boxed>)
    {
        value_ = std::make_unique<T>(std::forward<U>(value));
        return *this;
    }
    ~boxed() = default;

    explicit operator bool() const { return value_ != nullptr; }
    T& operator*() { return *value_; }
    const T& operator*() const { return *value_; }
    T* operator->() { return value_.get(); }
    const T* operator->() const { return value_.get(); }
    void reset() { value_.reset(); }

private:
    std::unique_ptr<T> value_;
};

}  // namespace mqtt_as
