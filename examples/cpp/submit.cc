// Hands off a list of numbers, waits for the end and prints the sum: `submit 3 -4 50`. Exit code: 0 when it succeeded, 1
// when it did not, 2 when it was refused.
#include <cctype>

#include "coordinator.h"
#include "tss/v1/task_service.grpc.pb.h"

namespace v1 = tss::v1;

static int refused(const std::string &why) {
  std::cerr << why << "\n";
  return 2;
}

// In text, what the protos call TASK_STATUS_SUCCEEDED is "succeeded".
static std::string word(const std::string &name, const std::string &prefix) {
  std::string text = name.substr(prefix.size());
  for (char &letter : text) letter = static_cast<char>(std::tolower(letter));
  return text;
}

int main(int argc, char **argv) {
  const Coordinator coordinator;
  const auto tasks = v1::TaskService::NewStub(coordinator.open());

  v1::SubmitTasksRequest submit;
  v1::TaskSpec &spec = *submit.add_tasks();
  spec.set_name("sum");
  spec.set_type("numbers.sum");
  std::string input = "[";
  for (int at = 1; at < argc; at++) input += (at > 1 ? "," : "") + std::string(argv[at]);
  spec.mutable_payload()->set_data(input + "]");
  spec.mutable_payload()->set_content_type("application/json");
  spec.mutable_retry()->set_limit(3);
  v1::SubmitTasksResponse submitted;
  grpc::ClientContext submitting;
  coordinator.prepare(submitting, std::chrono::seconds(30));
  grpc::Status status = tasks->SubmitTasks(&submitting, submit, &submitted);
  if (!status.ok()) return refused(coordinator.why(status));
  // Each task of a message is accepted or refused by itself.
  if (submitted.results(0).has_error()) return refused(submitted.results(0).error().message());
  const std::string id = submitted.results(0).id();
  std::cout << "submitted " << id << std::endl;

  v1::WaitTaskRequest wait;
  wait.set_id(id);
  wait.mutable_timeout()->set_seconds(60);
  v1::WaitTaskResponse waited;
  while (!waited.ended()) {
    grpc::ClientContext waiting;
    coordinator.prepare(waiting, std::chrono::seconds(90));
    status = tasks->WaitTask(&waiting, wait, &waited);
    if (!status.ok()) return refused(coordinator.why(status));
  }
  const v1::Task &task = waited.task();
  std::cout << word(v1::TaskStatus_Name(task.status()), "TASK_STATUS_");
  if (task.has_result()) std::cout << " " << task.result().data();
  if (task.has_error()) std::cout << ": " << task.error().message();
  std::cout << "\n";
  return task.status() == v1::TASK_STATUS_SUCCEEDED ? 0 : 1;
}
