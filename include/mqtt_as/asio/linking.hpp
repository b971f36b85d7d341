// Keys of the configuration that bring code along: a program that sets none of them does not link what is behind them.
#pragma once

#include <concepts>
#include <type_traits>
#include <utility>

namespace mqtt_as {

namespace detail {
struct tls_code;
struct wifi_code;
struct coroutine_code;
extern const tls_code tls;
extern const wifi_code wifi;
extern const coroutine_code coroutines;
}  // namespace detail

/// A `T` that takes a part of the library with it. Whoever gives it a value, known when the program is compiled or not,
/// also refers to the part: so a linker that takes from a static library what is referred to takes this part, too.
template <class T, class Part, const Part& part>
class linking {
public:
    linking() = default;
    /// What it is while nobody has given it a value.
    linking(std::in_place_t, T by_default) : value_(std::move(by_default)) {}
    template <class U>
        requires(std::convertible_to<U, T> && !std::same_as<std::remove_cvref_t<U>, linking>)
    linking(U&& value) : value_(std::forward<U>(value)), part_(&part) {}
    template <class U>
        requires(std::assignable_from<T&, U> && !std::same_as<std::remove_cvref_t<U>, linking>)
    linking& operator=(U&& value) {
        value_ = std::forward<U>(value);
        part_ = &part;
        return *this;
    }

    operator const T&() const { return value_; }
    /// nullptr where nobody has given it a value.
    const Part* linked() const { return part_; }

private:
    T value_ = T();
    const Part* part_ = nullptr;
};

}  // namespace mqtt_as
