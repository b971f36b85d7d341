// Outages of 3 s and of 20 s, all at once: what is measured is waiting.
#include "bench/commands.hpp"
#include "bench/measure.hpp"

#include <future>

namespace bench {

void measure_recovery(figures& found, const tell_step& tell) {
    use_all_cores();
    const std::string us(ours_v311);
    struct outage {
        std::string subject;
        std::string arguments;  // seconds, clients
        int runs;
    };
    const outage outages[] = {{"outage of 3 s", "3 20", 3}, {"outage of 20 s", "20 20", 3}};
    std::vector<std::pair<std::string, std::future<figures_by_name>>> running;
    for (const outage& o : outages) {
        for (int i = 0; i < o.runs; ++i) {
            running.emplace_back(o.subject, std::async(std::launch::async, [o] {
                                     return run('\'' + own_path() + "' recovery " + o.arguments);
                                 }));
        }
    }
    tell("outages of 3 s and 20 s");
    struct result {
        std::vector<double> median_s;
        double max_s = 0;
        double lost = 0;
        double refused = 0;
    };
    std::map<std::string, result> results;
    for (auto& [subject, future] : running) {
        const auto said = future.get();
        result& r = results[subject];
        r.median_s.push_back(said.at("median_ms") / 1e3);
        r.max_s = std::max(r.max_s, said.at("max_ms") / 1e3);
        r.lost += said.at("lost");
        r.refused += said.at("refused");
    }
    for (const auto& [subject, r] : results) {
        found.push_back({subject, "median s", us, median(r.median_s)});
        found.push_back({subject, "maximum s", us, r.max_s});
        found.push_back({subject, "messages lost", us, r.lost});
        found.push_back({subject, "messages refused", us, r.refused});
    }
}

}  // namespace bench
