// The outages, and the stopwatch.
#include "tools/demo/script.hpp"

#include <algorithm>
#include <optional>
#include <thread>

namespace mqtt_as::demo {

namespace {

using namespace std::chrono_literals;
using std::chrono::duration_cast;
using std::chrono::steady_clock;

// The longest that noticing may take: a client that only receives sends a ping every 15 s, waits for its answer,
// sends another one and waits again.
constexpr auto notice_limit = 15s + 3 * response_time;
constexpr auto recovery_limit = 10s;

// When every one of these clients had noticed what happened after it had been `before[n]` times down; empty while one
// has not.
std::optional<moment> all_noticed(const std::vector<const station*>& who, const std::vector<std::size_t>& before) {
    moment last{};
    for (std::size_t n = 0; n < who.size(); ++n) {
        const station::history seen = who[n]->seen();
        if (seen.downs.size() == before[n]) return std::nullopt;
        last = std::max(last, seen.downs[before[n]]);
    }
    return last;
}

// Since when all of them are connected again; empty while one is not.
std::optional<moment> all_up(const std::vector<const station*>& who) {
    moment last{};
    for (const station* each : who) {
        const station::history seen = each->seen();
        if (seen.ups.size() <= seen.downs.size()) return std::nullopt;
        last = std::max(last, seen.ups.back());
    }
    return last;
}

}  // namespace

script::script(test::broker_process& broker, test::fault_proxy& proxy, traffic& clients, screen& output,
               const std::atomic<bool>& stop)
    : broker_(broker), proxy_(proxy), traffic_(clients), screen_(output), stop_(stop) {
    for (const step& each : steps()) {
        scene_.outages.push_back({.kind = each.kind, .who = each.who.size() == 2 ? "both" : each.who[0]->name()});
    }
}

std::vector<script::step> script::steps() {
    const station* const publisher = &traffic_.publisher;
    const station* const subscriber = &traffic_.subscriber;
    const auto nothing = [] {};
    return {
        {"broker killed, back after 3 s",
         {publisher, subscriber},
         "The broker is killed and stays away for 3 s.",
         [this] {
             proxy_.refuse();
             broker_.kill();
         },
         3s,
         false,
         [this] {
             broker_.start();
             proxy_.accept();
         }},
        {"connection reset",
         {publisher, subscriber},
         "Both connections are reset (RST).",
         [this] { proxy_.reset(); },
         0s,
         false,
         nothing},
        {"connection closed",
         {publisher, subscriber},
         "Both connections are closed (FIN).",
         [this] { proxy_.finish(); },
         0s,
         false,
         nothing},
        {"half-open until noticed",
         {publisher},
         "The publisher's path is dead: nothing passes, nothing closes.",
         [this] { proxy_.set_path("publisher", {.mute = true}); },
         0s,
         true,
         [this] { proxy_.heal(); }},
        {"broker killed, back at once",
         {publisher, subscriber},
         "The broker is killed and restarted at once.",
         [this] { broker_.kill(); },
         0s,
         false,
         [this] { broker_.start(); }},
        {"half-open until noticed",
         {subscriber},
         "The subscriber's path is dead: nothing passes, nothing closes.",
         [this] { proxy_.set_path("subscriber", {.mute = true}); },
         0s,
         true,
         [this] { proxy_.heal(); }},
    };
}

void script::play() {
    say("Both connect; the subscriber subscribes.");
    const bool ready = wait(10s, [this] { return traffic_.is_subscribed() && all_up({&traffic_.publisher}); }) &&
                       broker_.save("demo/+");
    if (!ready) throw std::runtime_error("the clients do not connect; the broker says:\n" + broker_.log());
    traffic_.start_publishing();
    scene_.past.clear();
    began_ = steady_clock::now();
    say("All is well.");
    wait(1500ms, [] { return false; });

    const std::vector<step> all = steps();
    for (std::size_t n = 0; n < all.size(); ++n) {
        perform(all[n], scene_.outages[n]);
        say("All is well again.");
        wait(1500ms, [] { return false; });
    }
    traffic_.stop_publishing();
    say("No more messages; what is on its way arrives.");
    wait(5s, [this] {
        return traffic_.book().lost() == 0 && traffic_.book().acknowledged() == traffic_.book().published();
    });
    say("Done.");
    screen_.finish(scene_);
}

void script::perform(const step& what, outage& row) {
    std::vector<std::size_t> before;
    before.reserve(what.who.size());
    for (const station* each : what.who) before.push_back(each->seen().downs.size());
    const moment broken = steady_clock::now();
    const auto noticed = [&] {
        row.lasting = duration_cast<milliseconds>(steady_clock::now() - broken);
        const auto when = all_noticed(what.who, before);
        if (when) {
            row.detected = duration_cast<milliseconds>(*when - broken);
            row.now = outage::state::noticed;
        }
        return when.has_value();
    };
    row.now = outage::state::unnoticed;
    say(what.what);
    what.break_it();
    wait(what.lasts, [&] {
        noticed();
        return false;
    });
    if (what.until_noticed) wait(notice_limit, noticed);

    what.mend_it();
    const moment mended = what.until_noticed || what.lasts > 0s ? steady_clock::now() : broken;
    say("The path works again.");
    const bool over = wait(recovery_limit, [&] {
        if (!noticed()) return false;
        const auto up = all_up(what.who);
        const auto delivery = up ? traffic_.book().first_delivery_after(std::max(mended, *up)) : std::nullopt;
        if (delivery) row.recovered = duration_cast<milliseconds>(*delivery - mended);
        return delivery.has_value();
    });
    row.now = over ? outage::state::over : outage::state::failed;
    if (over) {
        screen_.tell(row.kind + " (" + row.who + "): detected after " + std::to_string(row.detected->count()) +
                     " ms, recovered after " + std::to_string(row.recovered->count()) + " ms");
    }
}

void script::say(const std::string& sentence) {
    scene_.now = sentence;
    screen_.tell(sentence);
}

template <class Condition>
bool script::wait(std::chrono::milliseconds limit, Condition condition) {
    const moment deadline = steady_clock::now() + limit;
    moment next_look{};
    for (;;) {
        const bool is_true = condition();
        const moment now = steady_clock::now();
        if (is_true || now >= next_look) {
            look();
            next_look = now + 100ms;
        }
        if (is_true || now >= deadline) return is_true;
        if (stop_) throw interrupted();
        std::this_thread::sleep_for(5ms);
    }
}

void script::look() {
    const test::ledger book = traffic_.book();
    scene_.stations = {traffic_.publisher.client.explain(), traffic_.subscriber.client.explain()};
    scene_.published = book.published();
    scene_.acknowledged = book.acknowledged();
    scene_.delivered = book.delivered();
    scene_.duplicates = book.duplicates();
    remember();
    screen_.show(scene_);
}

// Adds what happened since the last look to the second that is running.
void script::remember() {
    const auto now =
        static_cast<std::size_t>(duration_cast<std::chrono::seconds>(steady_clock::now() - began_).count());
    while (scene_.past.size() <= now) scene_.past.emplace_back();
    second& current = scene_.past.back();
    current.delivered += scene_.delivered - delivered_seen_;
    delivered_seen_ = scene_.delivered;
    const std::array<const station*, 2> stations = {&traffic_.publisher, &traffic_.subscriber};
    for (std::size_t n = 0; n < stations.size(); ++n) {
        const std::size_t downs = stations[n]->seen().downs.size();
        const bool is_down = !stations[n]->client.isconnected();
        current.was_up[n] = current.was_up[n] || !is_down;
        current.was_down[n] = current.was_down[n] || is_down || downs > downs_seen_[n];
        downs_seen_[n] = downs;
    }
}

std::string script::verdict() const {
    const test::ledger book = traffic_.book();
    milliseconds slowest{0};
    std::size_t outages = 0;
    for (const outage& each : scene_.outages) {
        if (each.now != outage::state::coming) ++outages;
        slowest = std::max(slowest, each.recovered.value_or(0ms));
    }
    return std::to_string(book.published()) + " published, " + std::to_string(book.delivered()) + " delivered, " +
           std::to_string(book.lost()) + " lost, " + std::to_string(book.duplicates()) + " duplicates, " +
           std::to_string(outages) + " outages, slowest recovery " + std::to_string(slowest.count()) + " ms";
}

bool script::is_all_well() const {
    return traffic_.book().lost() == 0 &&
           std::all_of(scene_.outages.begin(), scene_.outages.end(),
                       [](const outage& each) { return each.now == outage::state::over; });
}

}  // namespace mqtt_as::demo
