// What a field test counts: percentiles, the timeline, the fate of messages, outages, and the verdict.
#include "tools/mqtt-as/range/histogram.hpp"
#include "tools/mqtt-as/range/message_book.hpp"
#include "tools/mqtt-as/range/picture.hpp"
#include "tools/mqtt-as/range/survey.hpp"
#include "tools/mqtt-as/range/timeline.hpp"
#include "tools/mqtt-as/range/verdict.hpp"
#include "tools/mqtt-as/wireless.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mqtt_as::cli::range {
namespace {

using namespace std::chrono_literals;
using arrival = message_book::arrival;

constexpr moment start{};

// ---- histogram --------------------------------------------------------------------------------

TEST(range_histogram, percentiles_are_exact_for_small_values_and_3_percent_wide_for_others) {
    histogram small;
    for (int n = 1; n <= 20; ++n) small.add(span(n));
    EXPECT_EQ(small.percentile(0.5), span(10));
    EXPECT_EQ(small.percentile(0.05), span(1));
    EXPECT_EQ(small.percentile(1), span(20));

    histogram wide;
    for (int n = 1; n <= 100'000; ++n) wide.add(span(n * 10));
    for (const double share : {0.1, 0.5, 0.9, 0.99, 0.999}) {
        const double exact = share * 1e6;
        const auto told = static_cast<double>(wide.percentile(share).count());
        EXPECT_GE(told, exact) << share;  // never too good
        EXPECT_LE(told, exact * 1.032) << share;
    }
    EXPECT_EQ(wide.percentile(1), 1s);
    EXPECT_EQ(wide.least(), 10us);
    EXPECT_EQ(wide.most(), 1s);
}

TEST(range_histogram, of_one_value_is_that_value_at_every_size) {
    for (std::int64_t value = 1; value < (std::int64_t{1} << 39); value = value * 3 + 1) {
        histogram one;
        one.add(span(value));
        EXPECT_EQ(one.percentile(0.5), span(value));
        EXPECT_EQ(one.percentile(0.99), span(value));
    }
}

TEST(range_histogram, has_answers_for_nothing_and_for_nonsense) {
    histogram none;
    EXPECT_EQ(none.percentile(0.99), 0us);
    none.add(-5us);  // a clock that went back
    none.add(std::chrono::hours(24 * 365));
    EXPECT_EQ(none.count(), 2U);
    EXPECT_GT(none.percentile(1), std::chrono::hours(24 * 10));
}

// ---- timeline ---------------------------------------------------------------------------------

TEST(range_timeline, keeps_what_happened_in_its_cell) {
    timeline line(8, 1s);
    line.add_sent(0ms);
    line.add_sent(999ms);
    line.add_round_trip(1500ms, 10ms);
    line.add_round_trip(1600ms, 30ms);
    line.add_returned(1500ms);
    line.add_down(2500ms, 4250ms);
    line.add_signal(100ms, -60);
    line.add_signal(200ms, -75);
    ASSERT_EQ(line.cells().size(), 5U);
    EXPECT_EQ(line.cells()[0].sent, 2U);
    EXPECT_EQ(line.cells()[0].weakest, -75);
    EXPECT_TRUE(line.cells()[0].is_silent());
    EXPECT_EQ(line.cells()[1].returned, 1U);
    EXPECT_EQ(line.cells()[1].quickest, 10ms);
    EXPECT_EQ(line.cells()[1].slowest, 30ms);
    EXPECT_EQ(line.cells()[1].mean(), 20ms);
    EXPECT_EQ(line.cells()[2].down, 500ms);
    EXPECT_EQ(line.cells()[3].down, 1s);
    EXPECT_EQ(line.cells()[4].down, 250ms);
}

TEST(range_timeline, of_days_stays_small_and_loses_nothing) {
    timeline line(720, 1s);
    const auto days = std::chrono::hours(24 * 5);
    std::uint64_t sent = 0;
    for (milliseconds now{0}; now < days; now += 10s) {
        line.add_sent(now);
        line.add_round_trip(now, 5ms);
        ++sent;
    }
    line.add_down(days - 2h, days);
    EXPECT_LE(line.cells().size(), 720U);
    EXPECT_GT(line.cells().size(), 359U);
    std::uint64_t in_cells = 0;
    milliseconds down{0};
    for (const cell& each : line.cells()) {
        in_cells += each.sent;
        down += each.down;
        EXPECT_LE(each.down, line.width());
    }
    EXPECT_EQ(in_cells, sent);
    EXPECT_EQ(down, 2h);
    EXPECT_EQ(line.cells().front().mean(), 5ms);
}

// ---- messages ---------------------------------------------------------------------------------

TEST(range_messages, come_back_once_and_then_again_as_duplicates) {
    message_book book;
    book.come_up(start);
    const auto number = book.send(start);
    book.acknowledge(number, start + 5ms);
    const auto back = book.come_back(number, start + 12ms);
    EXPECT_EQ(back.what, arrival::first);
    EXPECT_EQ(back.round_trip, 12ms);
    EXPECT_FALSE(back.was_held_up);
    EXPECT_EQ(book.come_back(number, start + 13ms).what, arrival::duplicate);
    EXPECT_EQ(book.come_back(4711, start + 13ms).what, arrival::unknown);
    EXPECT_EQ(book.returned(), 1U);
    EXPECT_EQ(book.duplicates(), 1U);
    EXPECT_EQ(book.on_the_way(), 0U);
}

TEST(range_messages, are_lost_when_acknowledged_and_overtaken_and_not_before) {
    message_book book({.overtaken = 5s, .silent = 30s});
    book.come_up(start);
    const auto first = book.send(start);
    const auto second = book.send(start + 100ms);
    book.come_back(second, start + 200ms);
    book.judge(start + 20s);
    EXPECT_EQ(book.lost(), 0U) << "the broker may not have it yet: it will be sent again";
    book.acknowledge(first, start + 21s);
    book.judge(start + 25s);
    EXPECT_EQ(book.lost(), 0U) << "patience";
    EXPECT_EQ(book.on_the_way(), 1U);
    book.judge(start + 26s);
    EXPECT_EQ(book.lost(), 1U);
    EXPECT_EQ(book.on_the_way(), 0U);
}

TEST(range_messages, are_lost_after_a_long_silence_even_when_nothing_overtakes_them) {
    message_book book({.overtaken = 5s, .silent = 30s});
    book.come_up(start);
    book.acknowledge(book.send(start), start + 10ms);
    book.judge(start + 29s);
    EXPECT_EQ(book.lost(), 0U);
    book.judge(start + 31s);
    EXPECT_EQ(book.lost(), 1U);
}

TEST(range_messages, are_not_lost_while_there_is_no_connection_and_wait_anew_afterwards) {
    message_book book({.overtaken = 5s, .silent = 30s});
    book.come_up(start);
    const auto first = book.send(start);
    book.acknowledge(first, start + 1ms);
    book.come_back(book.send(start + 2ms), start + 3ms);
    book.go_down();
    book.judge(start + 1h);
    EXPECT_EQ(book.lost(), 0U);
    book.come_up(start + 1h);
    book.judge(start + 1h + 4s);
    EXPECT_EQ(book.lost(), 0U);
    const auto back = book.come_back(first, start + 1h + 4s);  // the broker sends it again
    EXPECT_EQ(back.what, arrival::first);
    EXPECT_TRUE(back.was_held_up);
    EXPECT_EQ(book.held_up(), 1U);
}

TEST(range_messages, that_come_after_they_were_given_up_are_late_and_lost_no_more) {
    message_book book({.overtaken = 5s, .silent = 30s});
    book.come_up(start);
    const auto first = book.send(start);
    book.acknowledge(first, start);
    book.judge(start + 1min);
    ASSERT_EQ(book.lost(), 1U);
    EXPECT_EQ(book.come_back(first, start + 2min).what, arrival::late);
    EXPECT_EQ(book.lost(), 0U);
    EXPECT_EQ(book.late(), 1U);
    EXPECT_EQ(book.returned(), 1U);
    EXPECT_EQ(book.come_back(first, start + 3min).what, arrival::duplicate);
}

TEST(range_messages, on_their_way_are_bounded) {
    message_book book;
    for (std::size_t n = 0; n < message_book::on_the_way_max; ++n) {
        ASSERT_TRUE(book.has_room());
        book.send(start);
    }
    EXPECT_FALSE(book.has_room());
    book.refuse(7);
    EXPECT_TRUE(book.has_room());
    EXPECT_EQ(book.refused(), 1U);
}

// ---- the whole --------------------------------------------------------------------------------

// Sends a message each 100 ms that comes back after `round_trip`, for `time`.
moment walk(survey& of, moment from, std::chrono::milliseconds time, span round_trip = 10ms) {
    for (const moment end = from + time; from < end; from += 100ms) {
        const auto number = of.send(from);
        of.acknowledge(number, from + round_trip / 2);
        of.come_back(number, from + round_trip);
        of.look(from + 50ms);
    }
    return from;
}

TEST(range_survey, an_outage_has_a_beginning_a_connection_and_a_first_message) {
    survey of(start);
    of.up(start);
    moment now = walk(of, start, 10s);
    // Two messages go out into the void; the client notices 2 s after the first of them.
    const auto first = of.send(now);
    const auto second = of.send(now + 100ms);
    of.down(now + 2s, "TCP: Connection reset by peer");
    EXPECT_FALSE(of.may_send());
    of.up(now + 5s);
    of.come_back(first, now + 5200ms);
    of.come_back(second, now + 5300ms);
    now = walk(of, now + 6s, 4s);
    of.end(now);

    ASSERT_EQ(of.outages().size(), 1U);
    const outage& one = of.outages().front();
    EXPECT_EQ(one.began, 12s);
    EXPECT_EQ(one.noticed_after, 2s);
    EXPECT_EQ(one.connected, 15s);
    EXPECT_EQ(one.recovered, 15200ms);
    EXPECT_EQ(one.why, "TCP: Connection reset by peer");
    EXPECT_EQ(of.longest_outage(), 3200ms);
    EXPECT_EQ(of.down_time(), 3s);
    EXPECT_DOUBLE_EQ(of.down_share(), 3.0 / 20.0);
    // What the outage held up says nothing about the radio's round trips.
    EXPECT_EQ(of.book().held_up(), 2U);
    EXPECT_LE(of.round_trips().most(), 10ms);
    EXPECT_EQ(of.book().sent(), of.book().returned());
}

TEST(range_survey, one_that_is_not_over_counts_so_far) {
    survey of(start);
    of.up(start);
    of.down(start + 1s, "gone");
    of.look(start + 61s);
    EXPECT_EQ(of.longest_outage(), 60s);
    EXPECT_EQ(of.down_time(), 60s);
    EXPECT_FALSE(of.outages().front().recovered);
}

TEST(range_survey, remembers_the_last_outages_and_counts_them_all) {
    survey of(start);
    moment now = start;
    for (std::size_t n = 0; n < survey::outages_kept_max + 50; ++n) {
        of.up(now);
        of.down(now + 1s, "gone");
        now += 2s;
    }
    EXPECT_EQ(of.outage_count(), survey::outages_kept_max + 50);
    EXPECT_EQ(of.outages().size(), survey::outages_kept_max);
    EXPECT_EQ(of.last_minute().size(), 60U);
}

TEST(range_verdict, is_go_when_all_is_well) {
    survey of(start);
    of.up(start);
    of.end(walk(of, start, 10s));
    const verdict judged = judge(of, {});
    EXPECT_TRUE(judged.is_go()) << judged.text();
    EXPECT_EQ(judged.text(), "GO");
}

TEST(range_verdict, says_no_for_each_criterion_alone) {
    const auto text_of_walk = [](const demands& wanted, auto what_happens) {
        survey of(start);
        of.up(start);
        const moment now = walk(of, start, 10s);
        of.end(what_happens(of, now));
        return judge(of, wanted).text();
    };
    const auto nothing = [](survey&, moment now) { return now; };
    EXPECT_EQ(text_of_walk({.returned_min = 101}, nothing), "NO-GO: messages back 100, demanded: at least 101");
    EXPECT_EQ(text_of_walk({.p99_max = 5ms}, nothing), "NO-GO: round trip p99 10.0 ms, demanded: at most 5 ms");
    EXPECT_EQ(text_of_walk({},
                           [](survey& of, moment now) {
                               of.acknowledge(of.send(now), now);
                               return walk(of, now, 10s);
                           }),
              "NO-GO: lost 1, demanded: none");
    EXPECT_EQ(text_of_walk({},
                           [](survey& of, moment now) {
                               of.refuse(of.send(now), "Not authorized");
                               return now;
                           }),
              "NO-GO: refused 1, demanded: none");
    const auto outage_of_2_s = [](survey& of, moment now) {
        of.down(now, "gone");
        of.up(now + 2s);
        return walk(of, now + 2s, 8s);
    };
    EXPECT_EQ(text_of_walk({}, outage_of_2_s), "NO-GO: time without a connection 10.0 %, demanded: at most 1 %");
    EXPECT_EQ(text_of_walk({.down_percent_max = 50, .outage_max = 1s}, outage_of_2_s),
              "NO-GO: longest outage 2.01 s, demanded: at most 1.00 s");
    EXPECT_EQ(text_of_walk({.down_percent_max = 50}, outage_of_2_s), "GO");
}

// ---- what is seen -----------------------------------------------------------------------------

std::string text_of_line(const terminal::line& from) {
    std::string text;
    for (const terminal::stroke& each : from) text += each.text;
    return text;
}

TEST(range_picture, fits_a_terminal_and_tells_the_figures) {
    survey of(start);
    of.up(start);
    moment now = walk(of, start, 90s, 12ms);
    of.hear_signal(now, -61);
    of.down(now, "TCP: No route to host");
    of.look(now + 3s);
    subject what;
    what.broker = "broker.local port 1883, MQTT 3.1.1";
    const verdict so_far = judge(of, {});
    explanation client;
    client.now_in = status::phase::waiting;
    client.last_error = disconnected{{.error = errc::connect_failed, .at = stage::connect, .transport_error = 113}};
    const scene seen{.what = what, .of = of, .so_far = so_far, .client = client, .now = "Ctrl-C ends the test"};
    std::string all;
    for (const terminal::line& each : draw(seen, terminal::ascii_glyphs)) {
        EXPECT_LE(text_of_line(each).size(), 80U) << text_of_line(each);
        all += text_of_line(each) + "\n";
    }
    using testing::HasSubstr;
    EXPECT_THAT(all, HasSubstr("x down"));
    EXPECT_THAT(all, HasSubstr("TCP: No route to host"));
    EXPECT_THAT(all, HasSubstr("now 12.0 ms          median 12.0 ms       p99 12.0 ms"));
    EXPECT_THAT(all, HasSubstr("sent 900             back 900             lost 0"));
    EXPECT_THAT(all, HasSubstr("NO-GO: time without a connection 3.2 %"));
    EXPECT_THAT(one_line(seen), HasSubstr("signal -61 dBm; round trip median "));
}

TEST(range_signal, is_read_from_the_kernels_table) {
    const std::string table = "Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE\n"
                              " face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22\n"
                              " wlan0: 0000   54.  -56.  -256        0      0      0      0      0        0\n"
                              "  wlx1: 0000   54.  190.  -256        0      0      0      0      0        0\n";
    EXPECT_EQ(signal_in(table, "wlan0"), -56);
    EXPECT_EQ(signal_in(table, "wlx1"), 190 - 256);
    EXPECT_EQ(signal_in(table, "wlan"), std::nullopt);
    EXPECT_EQ(signal_in(table, "eth0"), std::nullopt);
    EXPECT_EQ(signal_in("", "wlan0"), std::nullopt);
}

}  // namespace
}  // namespace mqtt_as::cli::range
