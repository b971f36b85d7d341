// A board over Ethernet and lwIP through outages: whatever happens, it comes back, and nothing acknowledged is lost.
#include "tests/firmware/name_server.hpp"
#include "tests/firmware/world.hpp"
#include "tests/support/eventually.hpp"

namespace mqtt_as::firmware {
namespace {

TEST_F(firmware, publishes_fifty_messages_a_second) {
    world w;
    w.begin({"pause=20"});
    EXPECT_TRUE(w.board().prints("subscribed"));
    w.tell("hello");
    EXPECT_TRUE(w.goes_on(250));
    w.end();
}

TEST_F(firmware, finds_its_broker_by_name_and_asks_again_until_it_is_known) {
    world w;
    name_server names;
    names.knows = false;
    w.begin({}, "mps2_traffic", "broker.test");
    EXPECT_TRUE(test::eventually(60s, [&] { return names.questions >= 2; }));
    EXPECT_TRUE(w.board().lines("up").empty());
    names.knows = true;
    EXPECT_TRUE(w.goes_on());
    // After an outage it is asked for again: the broker may have moved.
    const unsigned before = names.questions;
    w.proxy.refuse();
    w.proxy.reset();
    EXPECT_TRUE(test::eventually(60s, [&] { return names.questions > before; }));
    w.proxy.accept();
    w.end();
}

TEST_F(firmware, survives_a_broker_that_is_killed) {
    world w;
    w.begin({"odd_qos=1"});  // killed between PUBREC and PUBREL, Mosquitto forgets what it has received
    EXPECT_TRUE(w.goes_on());
    EXPECT_TRUE(w.broker.save("to/board"));
    w.broker.kill();
    EXPECT_TRUE(w.board().prints("down"));
    w.broker.start();
    EXPECT_TRUE(w.goes_on());
    w.broker.kill();
    EXPECT_TRUE(w.board().prints("down", 2));
    w.broker.start();
    EXPECT_TRUE(w.goes_on());
    w.end();
}

TEST_F(firmware, survives_a_broker_that_is_frozen) {
    world w;
    w.begin();
    EXPECT_TRUE(w.goes_on());
    w.broker.pause();
    EXPECT_TRUE(w.board().prints("down"));
    w.broker.resume();
    EXPECT_TRUE(w.goes_on());
    w.end();
}

TEST_F(firmware, waits_for_a_broker_that_is_absent_at_boot) {
    world w;
    w.proxy.refuse();
    w.begin({"debug=1"});
    EXPECT_TRUE(w.board().prints("Attempt failed", 3));
    EXPECT_TRUE(w.board().lines("up").empty());
    w.proxy.accept();
    EXPECT_TRUE(w.goes_on());
    w.end();
}

TEST_F(firmware, survives_a_link_that_is_pulled) {
    world w;
    w.begin();
    EXPECT_TRUE(w.goes_on());
    w.board().set_link(false);
    w.tell("while-the-link-is-down");
    EXPECT_TRUE(w.board().prints("down"));
    w.board().set_link(true);
    EXPECT_TRUE(w.goes_on());
    w.end();
}

TEST_F(firmware, survives_a_black_hole_behind_a_link_that_stays) {
    world w;
    w.begin();
    EXPECT_TRUE(w.goes_on());
    w.board().set_black_hole(true);
    EXPECT_TRUE(w.board().prints("down"));
    w.board().set_black_hole(false);
    EXPECT_TRUE(w.goes_on());
    w.end();
}

TEST_F(firmware, survives_connections_that_are_reset_closed_and_refused) {
    world w;
    w.begin();
    EXPECT_TRUE(w.goes_on());
    w.proxy.reset();
    EXPECT_TRUE(w.goes_on());
    w.proxy.finish();
    EXPECT_TRUE(w.goes_on());
    w.proxy.refuse();
    w.proxy.reset();
    EXPECT_TRUE(w.board().prints("down", 3));
    w.proxy.accept();
    EXPECT_TRUE(w.goes_on());
    w.end();
}

TEST_F(firmware, survives_a_half_open_connection) {
    world w;
    w.begin();
    EXPECT_TRUE(w.goes_on());
    w.proxy.half_open();
    EXPECT_TRUE(w.board().prints("down"));
    EXPECT_TRUE(w.goes_on());
    w.end();
}

TEST_F(firmware, begins_anew_after_a_power_cycle) {
    world w;
    w.begin();
    EXPECT_TRUE(w.goes_on());
    w.board().cycle_power();
    EXPECT_TRUE(w.board().prints("begins", 2));
    EXPECT_TRUE(w.goes_on());
    w.end();
}

TEST_F(firmware, keeps_what_it_accepted_through_a_power_cycle_in_an_outage) {
    world w;
    w.begin({"store=1"});
    EXPECT_TRUE(w.goes_on());
    // The broker is gone, the queue fills, the power goes: what was accepted lies in the records.
    w.proxy.refuse();
    w.proxy.reset();
    EXPECT_TRUE(w.board().prints("down"));
    const std::size_t answered = w.board().lines("acknowledged ").size();
    EXPECT_TRUE(w.board().prints("accepted ", answered + 8));
    w.board().cycle_power();
    EXPECT_TRUE(w.board().prints("begins", 2));
    w.proxy.accept();
    EXPECT_TRUE(w.goes_on());
    w.end();
    EXPECT_EQ(w.unheard("accepted "), std::set<std::string>());
}

TEST_F(firmware, goes_on_after_it_was_frozen_itself) {
    world w;
    w.begin();
    EXPECT_TRUE(w.goes_on());
    w.board().freeze();
    w.proxy.reset();
    w.board().thaw();
    EXPECT_TRUE(w.goes_on());
    w.end();
}

TEST_F(firmware, is_judged_by_one_who_can_say_no) {
    world w;
    w.proxy.add({.what = test::action::swallow, .topic = "from/1", .skip = 3});
    w.begin();
    EXPECT_TRUE(w.goes_on());
    w.tell("end");
    EXPECT_EQ(w.board().wait(), 0);
    // What was acknowledged last may still be on its way to the witness.
    EXPECT_TRUE(test::eventually(10s, [&w] { return w.lost().size() == 1; }))
        << w.lost().size() << " lost, but one message was swallowed behind its PUBACK";
}

}  // namespace
}  // namespace mqtt_as::firmware
