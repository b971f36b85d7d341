// The client's own process is killed: what it had not acknowledged by then it is given again.
#include "tests/outages/world.hpp"

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iterator>
#include <set>

namespace mqtt_as::outages {
namespace {

using lines = std::vector<std::string>;

lines lines_of(const std::filesystem::path& path) {
    std::ifstream file(path);
    lines all;
    for (std::string line; std::getline(file, line) && !file.eof();) all.push_back(line);
    return all;
}

class killed : public both_versions {
protected:
    void SetUp() override { ASSERT_TRUE(publisher->connect()); }

    std::unique_ptr<test::child_process> start(const std::string& file, const std::string& what) {
        const auto out = folder.path() / ("out" + std::to_string(++started_));
        auto process = std::make_unique<test::child_process>(
            lines{STORING_CLIENT, w.broker.socket().string(), (folder.path() / file).string(),
                  GetParam() == protocol_version::v5 ? "5" : "3", what},
            out);
        EXPECT_TRUE(test::eventually(20s, [&] { return says(out, "subscribed"); }));
        return process;
    }
    bool is_done() const { return says(folder.path() / ("out" + std::to_string(started_)), "done"); }
    lines stored(const std::string& file) const { return lines_of(folder.path() / file); }
    std::set<std::string> set_of(const std::string& file) const {
        const lines all = stored(file);
        return {all.begin(), all.end()};
    }

    /// By turns at qos 1 and 2.
    void begin_to_publish(const lines& texts) {
        for (const std::string& text : texts)
            publisher->client.publish("stored", text, {.qos = 1 + static_cast<int>(begun_++ % 2)},
                                      [this](std::error_code error, const publish_result&) { accepted_ += !error; });
    }
    /// Returns when the broker has it.
    void publish(const lines& texts) {
        begin_to_publish(texts);
        ASSERT_TRUE(test::eventually(30s, [&] { return accepted_ == begun_; }));
    }

    std::size_t begun_ = 0;
    std::atomic<std::size_t> accepted_{0};  // outlives whoever counts here
    world w{GetParam()};
    std::unique_ptr<peer> publisher = w.make_peer(w.direct("publisher"));
    const test::temp_folder folder;

private:
    static bool says(const std::filesystem::path& out, const std::string& word) {
        const lines said = lines_of(out);
        return std::find(said.begin(), said.end(), word) != said.end();
    }
    int started_ = 0;
};
INSTANTIATE_TEST_SUITE_P(outages, killed, testing::Values(protocol_version::v3_1_1, protocol_version::v5), name_of);

lines numbers(int count) {
    lines all;
    for (int i = 0; i < count; ++i) all.push_back(std::to_string(i));
    return all;
}

TEST_P(killed, between_storing_and_acknowledging_is_given_all_of_it_again) {
    auto process = start("first", "holds");
    const lines sent = numbers(50);
    publish(sent);
    ASSERT_TRUE(test::eventually(20s, [&] { return stored("first").size() == 50; }));
    process->signal(SIGKILL);
    process->wait();

    process = start("second", "stores");
    publish({"last"});
    EXPECT_TRUE(test::eventually(20s, [&] { return is_done(); }));
    std::set<std::string> all(sent.begin(), sent.end());
    all.insert("last");
    EXPECT_EQ(set_of("second"), all);
    process->signal(SIGKILL);
    process->wait();

    // All of that is acknowledged: nothing of it comes a third time.
    process = start("third", "stores");
    publish({"last"});
    EXPECT_TRUE(test::eventually(20s, [&] { return is_done(); }));
    EXPECT_EQ(stored("third"), lines{"last"});
}

TEST_P(killed, again_and_again_under_traffic_has_stored_everything) {
    constexpr int kills = 12;
    constexpr int each = 40;
    int number = 0;
    std::set<std::string> all;
    start("all", "stores").reset();  // the broker knows it: killed at once
    for (int i = 0; i < kills; ++i) {
        const auto process = start("all", "stores");
        const std::size_t before = stored("all").size();
        lines sent;
        for (int n = 0; n < each; ++n) sent.push_back(std::to_string(number++));
        all.insert(sent.begin(), sent.end());
        begin_to_publish(sent);
        EXPECT_TRUE(test::eventually(20s, [&] { return stored("all").size() > before + 5; }));
        process->signal(SIGKILL);  // in the middle of it, if it is not too quick for us
    }
    const auto process = start("all", "stores");
    publish({"last"});
    all.insert("last");
    EXPECT_TRUE(test::eventually(30s, [&] { return is_done(); }));
    EXPECT_EQ(set_of("all"), all);
}

TEST_P(killed, with_messages_that_were_acknowledged_for_it_loses_them) {
    auto process = start("first", "forgets");
    lines sent = numbers(50);
    sent.push_back("last");
    publish(sent);
    ASSERT_TRUE(test::eventually(20s, [&] { return is_done(); }));
    process->signal(SIGKILL);
    process->wait();

    process = start("second", "stores");
    publish({"last"});
    EXPECT_TRUE(test::eventually(20s, [&] { return is_done(); }));
    EXPECT_EQ(stored("second"), lines{"last"});
}

}  // namespace
}  // namespace mqtt_as::outages
