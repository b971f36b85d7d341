// The ledger's arithmetic, on which every verdict about lost messages rests.
#include "tests/support/ledger.hpp"

#include <gtest/gtest.h>

namespace mqtt_as::test {
namespace {

using namespace std::chrono_literals;

TEST(ledger, tells_lost_from_late_and_twice) {
    ledger book;
    for (std::size_t n = 0; n < 4; ++n) EXPECT_EQ(book.publish(), n);
    book.acknowledge(1);
    book.acknowledge(1);
    for (const char* payload : {"0", "2", "1", "2", "7", "x"}) book.deliver(payload);
    EXPECT_EQ(book.published(), 4u);
    EXPECT_EQ(book.acknowledged(), 1u);
    EXPECT_EQ(book.delivered(), 3u);
    EXPECT_EQ(book.duplicates(), 1u);
    EXPECT_EQ(book.out_of_order(), 1u);
    EXPECT_EQ(book.unknown(), 2u);
    EXPECT_EQ(book.lost(), 1u);
    EXPECT_NE(book.text().find("lost: 3"), std::string::npos) << book.text();
}

TEST(ledger, finds_the_first_delivery_after_a_moment) {
    ledger book;
    const ledger::time start{};
    book.publish();
    book.publish();
    book.deliver("0", start + 1s);
    EXPECT_EQ(book.first_delivery_after(start + 1s), std::nullopt);
    book.deliver("0", start + 2s);  // a duplicate is no sign of recovery
    EXPECT_EQ(book.first_delivery_after(start + 1s), std::nullopt);
    book.deliver("1 and more", start + 3s);
    EXPECT_EQ(book.first_delivery_after(start + 1s), start + 3s);
}

}  // namespace
}  // namespace mqtt_as::test
