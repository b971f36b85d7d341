// mqtt-as-soak: ten publishers and a subscriber through every outage that processes, a broker and a cable can have.
#include "tests/soak/account.hpp"
#include "tests/soak/stage.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <random>
#include <string>
#include <thread>
#include <utility>

namespace {

using namespace mqtt_as::soak;
using namespace std::chrono_literals;

class soak {
public:
    soak(std::uint32_t seed, std::string bad) : chance_(seed), stage_(std::move(bad)) {}

    /// Outages one after the other, in an order and for times that the seed decides, each kind as often as the others.
    void run(moment length);
    /// Calm, then all publishers end in good order: what is missing now is lost.
    void settle();
    /// Whether all is well.
    bool report() const;

private:
    void kill_broker();
    void end_broker();
    void freeze_broker();
    void lose_packets();
    void lose_link();
    void kill_publisher() { stage_.kill(some_publisher()); }
    void kill_subscriber() { stage_.kill(stage::subscriber); }
    void restart_publisher() { stage_.ask_to_end(some_publisher()); }

    struct kind {
        const char* name;
        void (soak::*happen)();
        int times = 0;
    };
    std::array<kind, 8> outages_{{{"broker killed", &soak::kill_broker},
                                  {"broker ended", &soak::end_broker},
                                  {"broker frozen", &soak::freeze_broker},
                                  {"packets lost", &soak::lose_packets},
                                  {"cable pulled", &soak::lose_link},
                                  {"publisher killed", &soak::kill_publisher},
                                  {"publisher restarted", &soak::restart_publisher},
                                  {"subscriber killed", &soak::kill_subscriber}}};

    void wait(moment length);
    moment between(moment least, moment most) {
        return moment(std::uniform_int_distribution<moment::rep>(least.count(), most.count())(chance_));
    }
    /// The first two live as long as the soak: their memory is watched.
    std::size_t some_publisher() {
        return std::uniform_int_distribution<std::size_t>(2, stage::publishers - 1)(chance_);
    }
    bool tell_resources() const;

    std::mt19937 chance_;
    stage stage_;
    account book_;
    verdict verdict_;
    bool all_ended_well_ = true;
    moment begin_ = now();
    moment next_sample_ = begin_;
};

// ---- outages ----------------------------------------------------------------------------------

void soak::kill_broker() {
    const moment killed = now();
    stage_.broker().kill();
    wait(between(0s, 3s));
    stage_.broker().start();
    book_.broker_was_away(killed, now());
}

void soak::end_broker() {
    stage_.broker().terminate();
    wait(between(0s, 3s));
    stage_.broker().start();
}

void soak::freeze_broker() {
    stage_.broker().pause();
    wait(between(1s, 8s));
    stage_.broker().resume();
}

void soak::lose_packets() {
    stage_.drop(static_cast<unsigned>(between(10ms, 40ms).count()));
    wait(between(4s, 8s));
    stage_.drop(0);
}

void soak::lose_link() {
    stage_.set_link(false);
    wait(between(1s, 5s));
    stage_.set_link(true);
}

// ---- the run ----------------------------------------------------------------------------------

void soak::wait(moment length) {
    const moment end = now() + length;
    while (now() < end) {
        std::this_thread::sleep_for(std::min(end, next_sample_) - now());
        if (now() < next_sample_) continue;
        next_sample_ += 1s;
        stage_.revive();
        stage_.sample();
    }
}

void soak::run(moment length) {
    wait(5s);
    const moment end = begin_ + length;
    while (now() < end) {
        std::shuffle(outages_.begin(), outages_.end(), chance_);
        for (kind& next : outages_) {
            if (now() >= end) break;
            std::printf("%7.1f s  %s\n", static_cast<double>((now() - begin_).count()) / 1000, next.name);
            std::fflush(stdout);
            ++next.times;
            (this->*next.happen)();
            wait(between(2s, 5s));
        }
    }
}

void soak::settle() {
    wait(15s);
    for (std::size_t n = 0; n < stage::publishers; ++n) stage_.ask_to_end(n);
    for (std::size_t n = 0; n < stage::publishers; ++n) {
        const int status = stage_.wait_for_end(n);
        if (status == 0) continue;
        all_ended_well_ = false;
        std::printf("%s %s\n", stage::name(n).c_str(),
                    status < 0 ? "does not end: something is never acknowledged"
                               : ("ended with status " + std::to_string(status)).c_str());
    }
    stage_.collect_publishers(book_);
    const moment patience = now() + 30s;
    do {
        std::this_thread::sleep_for(500ms);
        stage_.collect_subscriber(book_);
        verdict_ = book_.judge();
    } while (verdict_.lost > 0 && now() < patience);
}

// ---- the report -------------------------------------------------------------------------------

bool soak::tell_resources() const {
    bool all_flat = true;
    std::puts("\nclient          memory grown [KB]  more descriptors");
    for (std::size_t n = 0; n <= stage::subscriber; ++n) {
        const flatness& r = stage_.resources(n);
        if (!r.was_seen_long_enough()) {
            std::printf("%-15s not old enough\n", stage::name(n).c_str());
            continue;
        }
        std::printf("%-15s %17ld %17ld%s\n", stage::name(n).c_str(), r.grown_kb(), r.more_descriptors(),
                    r.is_flat() ? "" : "  NOT FLAT");
        all_flat = all_flat && r.is_flat();
    }
    return all_flat && stage_.resources(0).was_seen_long_enough();
}

bool soak::report() const {
    std::puts("\noutage               times");
    int total = 0;
    for (const kind& k : outages_) {
        std::printf("%-20s %5d\n", k.name, k.times);
        total += k.times;
    }
    const bool is_flat = tell_resources();
    const verdict& v = verdict_;
    std::printf("\ndelivered more than once: %zu of qos 1, %zu of qos 2\n", v.twice[1], v.twice[2]);
    std::printf("at the mercy of a killed broker: %zu, of which it forgot %zu\n", v.at_mercy, v.forgotten);
    if (v.lost > 0) std::printf("the first that was lost: %s\n", v.first_lost.c_str());
    if (v.unknown > 0) std::printf("delivered, but never published: %zu\n", v.unknown);
    if (v.failed > 0) std::printf("publishes that failed: %zu\n", v.failed);
    std::printf("%zu published, %zu delivered, %zu lost, %d outages, %lld s; memory and descriptors %s\n", v.published,
                v.delivered, v.lost, total, static_cast<long long>((now() - begin_).count() / 1000),
                is_flat ? "flat" : "NOT FLAT");
    return v.is_good() && is_flat && all_ended_well_;
}

}  // namespace

int main(int argc, char** argv) {
    double minutes = 3;
    std::uint32_t seed = std::random_device{}();
    std::string bad = "none";
    CLI::App options("Ten publishers and a subscriber through outages: every message is accounted for.");
    options.add_option("--minutes", minutes, "how long outages go on [3]")->check(CLI::PositiveNumber);
    options.add_option("--seed", seed, "decides order and length of the outages [by chance]");
    options.add_option("--break", bad, "how clients misbehave, to show that this objects")
        ->check(CLI::IsMember({"none", "drop-one", "leak", "descriptors"}));
    CLI11_PARSE(options, argc, argv);

    if (const std::string why = mqtt_as::test::net_namespace::why_not(); !why.empty()) {
        std::printf("SKIPPED: %s\n", why.c_str());
        return mqtt_as::test::net_namespace::may_be_skipped() ? 0 : 1;
    }
    std::printf("soak: seed %u\n", seed);
    try {
        soak s(seed, bad);
        s.run(std::chrono::duration_cast<moment>(std::chrono::duration<double, std::ratio<60>>(minutes)));
        s.settle();
        return s.report() ? 0 : 1;
    } catch (const std::exception& error) {
        std::printf("soak: %s\n", error.what());
        return 1;
    }
}
