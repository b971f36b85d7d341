// Lists of those who wait.
#include "mqtt_as/lwip/waiter.hpp"

namespace mqtt_as::detail {

waiter::~waiter() {
    if (in != nullptr) in->remove(*this);
}

void waiter_list::push(waiter& w) {
    insert(w, [](const waiter&, const waiter&) { return false; });
}

void waiter_list::insert(waiter& w, bool (*before)(const waiter& mine, const waiter& other)) {
    waiter** at = &first;
    while (*at != nullptr && !before(w, **at)) at = &(*at)->next;
    w.next = *at;
    w.in = this;
    *at = &w;
}

void waiter_list::remove(waiter& w) {
    waiter** at = &first;
    while (*at != &w) at = &(*at)->next;
    *at = w.next;
    w.next = nullptr;
    w.in = nullptr;
}

waiter* waiter_list::pop() {
    waiter* const w = first;
    if (w != nullptr) remove(*w);
    return w;
}

void waiter_list::end_all(waiter_list& to, errc error) {
    while (waiter* w = pop()) {
        w->error = error;
        to.push(*w);
    }
}

}  // namespace mqtt_as::detail
