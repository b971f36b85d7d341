// The words of the conformance tests: a client, bytes in, bytes out. Whatever is demanded is counted, and a test that
// demanded nothing fails: its name would promise what nobody has looked at.
#pragma once

#include "tests/unit/engine_polite_broker.hpp"

#include <functional>
#include <initializer_list>

namespace engine_tests {

/// How often a test has demanded something.
class demands {
public:
    void count() { ++made_; }
    void expect_some() const { EXPECT_GT(made_, 0) << "this test asserts nothing"; }

private:
    int made_ = 0;
};

/// One client, and what can be demanded of it. Functions that take several bad inputs one after the other make a new
/// client like `w` for each.
class conformance : public testing::Test {
protected:
    explicit conformance(version v) : w(v), version_(v) {}
    void TearDown() override { demands_.expect_some(); }

    world w;

    // ---- bytes of a server ----
    /// A PUBLISH on "t"; `id` is left out at qos 0, `properties` without their length.
    std::string incoming(std::string_view first, std::string_view id = {}, std::string_view payload = "x",
                         std::string_view properties = {}) const;
    /// SUBACK or UNSUBACK with these codes.
    std::string answer(std::string_view first, std::string_view id, std::string_view codes) const;

    // ---- what is done ----
    /// Keeps the session over lost connections, and begins with what the server has.
    void keep_session();
    /// Publishes "x" to "t"; the identifier as it stands on the wire.
    std::string publish(std::uint8_t qos);
    std::string subscribe(std::string_view filter, std::uint8_t qos = 0);
    std::string unsubscribe(std::string_view filter);
    /// The connection is lost and the next one accepted; what goes out after CONNECT.
    std::string reconnect(bool session_present, std::string_view connack_properties = {});
    /// The CONNECT of a client like `w`.
    std::string connect() const;
    /// Byte `n` of a packet, as a number.
    static unsigned byte_of(std::string_view packet, std::size_t n) { return unhex(packet).at(n); }

    // ---- what is demanded ----
    void holds(bool truth, std::string_view what);
    void sends(std::string_view packets) { sends(w, packets); }  ///< since the last time, these and no others
    void sends(world& client, std::string_view packets);
    void tells(std::string_view events) { tells(w, events); }  ///< since the last time, these and no others
    void tells(world& client, std::string_view events);
    void reports(int operation, std::string_view text);  ///< "" while there is no report
    void stays_online() { holds(w->is_online(), "the connection goes on"); }

    /// The client has said `code` (MQTT 5), has closed the connection for a violation, and has delivered nothing.
    void is_closed(world& client, std::string_view code);
    /// Each of these, received by a client that is online, closes the connection.
    void closes_at(std::initializer_list<std::string> received, std::string_view code);
    /// The same for a client that has sent CONNECT.
    void closes_before_connack_at(std::initializer_list<std::string> received, std::string_view code);
    /// What is received is delivered, and the connection goes on.
    void delivers(std::string_view received, std::string_view message);

    /// Refused at once, by that name; nothing is sent.
    void refuses(errc why, const publish_request& request);
    void refuses(errc why, const subscription& request);
    void refuses_unsubscribe(errc why, const unsubscription& request);
    /// No client can be made of `w.config` so changed.
    void refuses_config(errc why, const std::function<void(engine_config&)>& change);

private:
    void like_ours(world& client) const;

    version version_;
    demands demands_;
};

}  // namespace engine_tests
