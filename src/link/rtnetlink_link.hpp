// The link of a client as the kernel sees it: an interface, an address and a route towards the server.
#pragma once

#include "src/link/link.hpp"
#include "src/link/rtnetlink_monitor.hpp"

#include <memory>

namespace mqtt_as::detail {

class rtnetlink_link final : public link {
public:
    /// Throws std::system_error where there is no netlink.
    rtnetlink_link(const boost::asio::any_io_executor& executor, std::weak_ptr<link_events> listener)
        : monitor_(rtnetlink_monitor::of(executor)), place_(monitor_->add({executor, std::move(listener), {}, {}})) {}
    ~rtnetlink_link() override { monitor_->remove(place_); }
    rtnetlink_link(const rtnetlink_link&) = delete;
    rtnetlink_link& operator=(const rtnetlink_link&) = delete;

    void ask(link_question q) override { monitor_->ask(place_, std::move(q)); }

private:
    std::shared_ptr<rtnetlink_monitor> monitor_;
    rtnetlink_monitor::place place_;
};

}  // namespace mqtt_as::detail
