// The rest of the port, for tests.
#include "tests/lwip/world.hpp"

namespace mqtt_as {

namespace lwip_test {
failures task_failures;
}

namespace port {

duration on_task_failed(errc error, std::string_view where) {
    lwip_test::task_failures.told.emplace_back(error, where);
    return lwip_test::task_failures.again_after;
}

}  // namespace port
}  // namespace mqtt_as
