// A worker by long polls: LeaseTasks says what it holds and asks for more, ReportTasks says how it went. It adds numbers, a
// pause before each (`worker MILLISECONDS`), so that there is something to follow and to cancel.
#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstring>
#include <map>
#include <mutex>
#include <thread>

#include "coordinator.h"
#include "tss/v1/worker_service.grpc.pb.h"

namespace v1 = tss::v1;
using std::chrono::seconds;

constexpr int SLOTS = 4;
constexpr int WAIT_SECONDS = 20; // The coordinator allows up to 50.

struct Attempt {
  v1::Lease lease;
  std::atomic<v1::TaskReason> ordered{v1::TASK_REASON_UNSPECIFIED}; // Why it is to end.
};

class Worker {
public:
  explicit Worker(int pause_ms) : pause_(pause_ms), stub_(v1::WorkerService::NewStub(coordinator_.open())) {
    info_.set_name("sums in C++");
    info_.set_version("1.0");
    info_.add_types("numbers.sum");
    info_.set_slots(SLOTS);
  }

  // Until stop() was called and what runs has ended. @returns false when the coordinator refuses this worker.
  bool run() {
    for (;;) {
      grpc::ClientContext call;
      v1::LeaseTasksRequest request;
      {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (stopping_ && running_.empty()) return true;
        // Everything it holds, in every call: this is also its sign of life.
        for (const auto &[token, attempt] : running_) name(*request.add_held(), attempt->lease);
        request.set_max(stopping_ ? 0 : SLOTS - static_cast<int>(running_.size()));
        polling_ = &call;
      }
      request.set_session_id(session_);
      *request.mutable_worker() = info_;
      request.mutable_wait()->set_seconds(WAIT_SECONDS);
      coordinator_.prepare(call, seconds(WAIT_SECONDS + 10));
      v1::LeaseTasksResponse answer;
      const grpc::Status status = stub_->LeaseTasks(&call, request, &answer);
      {
        const std::lock_guard<std::mutex> lock(mutex_);
        polling_ = nullptr;
      }
      if (status.ok()) take(answer);
      else if (status.error_code() == grpc::StatusCode::UNAVAILABLE ||
               status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) {
        std::cerr << coordinator_.why(status) << std::endl;
        std::this_thread::sleep_for(seconds(1));
      } else if (status.error_code() != grpc::StatusCode::CANCELLED) {
        std::cerr << coordinator_.why(status) << std::endl;
        return false;
      }
    }
  }

  // Takes nothing more.
  void stop() {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    poll_again();
  }

private:
  template <class Message> static void name(Message &message, const v1::Lease &lease) {
    message.set_id(lease.id());
    message.set_fencing_token(lease.fencing_token());
  }

  void take(const v1::LeaseTasksResponse &answer) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (session_.empty()) std::cout << "connected" << std::endl;
    session_ = answer.session_id();
    for (const v1::CancelOrder &order : answer.cancels()) {
      const auto found = running_.find(order.fencing_token());
      if (found != running_.end()) found->second->ordered = order.reason();
    }
    for (const v1::Lease &lease : answer.leases()) {
      const auto attempt = std::make_shared<Attempt>();
      attempt->lease = lease;
      running_[lease.fencing_token()] = attempt;
      std::thread([this, attempt] { work(*attempt); }).detach();
    }
  }

  void work(Attempt &attempt) {
    v1::ReportTasksRequest begun;
    name(*begun.add_starts(), attempt.lease);
    send(begun);
    v1::OutcomeReport outcome;
    name(outcome, attempt.lease);
    add(attempt, outcome);
    // `lost`: the lease is somebody else's, and nothing is reported for it.
    if (attempt.ordered != v1::TASK_REASON_LOST) {
      v1::ReportTasksRequest report;
      *report.add_outcomes() = outcome;
      // Repeated until it is answered; the first accepted one counts.
      while (!send(report)) std::this_thread::sleep_for(seconds(1));
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    running_.erase(attempt.lease.fencing_token());
    poll_again();
  }

  void add(const Attempt &attempt, v1::OutcomeReport &outcome) {
    const std::string &input = attempt.lease.spec().payload().data();
    const auto numbers = std::count(input.begin(), input.end(), ',') + 1;
    long sum = 0, count = 0;
    const char *at = std::strchr(input.c_str(), '[');
    while (at != nullptr && *at != ']' && *at != '\0') {
      char *end = nullptr;
      const long number = std::strtol(at + 1, &end, 10);
      if (end == at + 1 || (*end != ',' && *end != ']')) return fail(outcome, "The payload is not a list of numbers.");
      std::this_thread::sleep_for(pause_);
      if (attempt.ordered != v1::TASK_REASON_UNSPECIFIED) {
        outcome.set_outcome(v1::ATTEMPT_OUTCOME_CANCELLED);
        outcome.set_reason(attempt.ordered);
        std::cout << "stopped after " << count << std::endl;
        return;
      }
      sum += number;
      v1::ReportTasksRequest report;
      v1::ProgressReport &progress = *report.add_progress();
      name(progress, attempt.lease);
      progress.set_percent(100.0 * static_cast<double>(++count) / static_cast<double>(numbers));
      progress.set_message("added " + std::to_string(number));
      send(report);
      at = end;
    }
    if (count == 0) return fail(outcome, "There is nothing to add.");
    outcome.set_outcome(v1::ATTEMPT_OUTCOME_SUCCEEDED);
    const std::string result = "{\"sum\":" + std::to_string(sum) + ",\"count\":" + std::to_string(count) + "}";
    outcome.mutable_result()->set_data(result);
    outcome.mutable_result()->set_content_type("application/json");
  }

  // An input that is wrong stays wrong: no further attempt.
  static void fail(v1::OutcomeReport &outcome, const std::string &message) {
    outcome.set_outcome(v1::ATTEMPT_OUTCOME_FAILED);
    outcome.set_reason(v1::TASK_REASON_HANDLER_ERROR);
    outcome.mutable_error()->set_type("BadInput");
    outcome.mutable_error()->set_message(message);
    outcome.set_non_retryable(true);
  }

  bool send(v1::ReportTasksRequest &report) {
    grpc::ClientContext call;
    coordinator_.prepare(call, seconds(30));
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      report.set_session_id(session_);
    }
    v1::ReportTasksResponse answer;
    return stub_->ReportTasks(&call, report, &answer).ok();
  }

  // Ends the poll that is open: what it said of the worker is no longer so. The next one says it anew.
  void poll_again() {
    if (polling_ != nullptr) polling_->TryCancel();
  }

  const Coordinator coordinator_;
  const std::chrono::milliseconds pause_;
  const std::unique_ptr<v1::WorkerService::Stub> stub_;
  v1::WorkerInfo info_;
  std::mutex mutex_; // Of all below.
  std::string session_;
  std::map<std::int64_t, std::shared_ptr<Attempt>> running_; // By fencing token.
  grpc::ClientContext *polling_ = nullptr;
  bool stopping_ = false;
};

int main(int argc, char **argv) {
  // Blocked before any thread is made: all inherit it, and one waits for them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  Worker worker(argc > 1 ? std::atoi(argv[1]) : 0);
  std::thread([&] {
    int signal = 0;
    sigwait(&signals, &signal);
    worker.stop();
  }).detach();
  return worker.run() ? 0 : 1;
}
