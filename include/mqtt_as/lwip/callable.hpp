// A callable of fixed size, for boards: what it captures lies in it, and nothing is allocated.
#pragma once

#include <concepts>
#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

namespace mqtt_as {

template <class Signature>
class callable;

/// Captures may be three pointers or numbers, and must be trivially copyable. What else a handler needs, it refers to.
template <class R, class... Args>
class callable<R(Args...)> {
public:
    static constexpr std::size_t room = 3 * sizeof(void*);

    callable() = default;
    callable(std::nullptr_t) {}
    template <class F>
        requires(std::is_invocable_r_v<R, F&, Args...> && !std::same_as<F, callable>)
    callable(F f) : call_(&call<F>) {
        static_assert(sizeof(F) <= room && alignof(F) <= alignof(void*), "captures three pointers at most");
        static_assert(std::is_trivially_copyable_v<F>, "captures what is trivially copyable: references, numbers");
        new (place_) F(f);
    }

    explicit operator bool() const { return call_ != nullptr; }
    R operator()(Args... args) { return call_(place_, std::forward<Args>(args)...); }

private:
    template <class F>
    static R call(void* place, Args... args) {
        return (*static_cast<F*>(place))(std::forward<Args>(args)...);
    }

    R (*call_)(void*, Args...) = nullptr;
    alignas(void*) std::byte place_[room];
};

}  // namespace mqtt_as
