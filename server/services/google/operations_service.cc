#include "server/services/google/operations_service.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/services/finished_call.h"
#include "server/services/google/wait_operation.h"
#include "server/services/invalid_field.h"
#include "server/services/shortened.h"

namespace rill::server::google_speech {
namespace {

namespace longrunning = ::google::longrunning;

// Of a page of a list: results are long.
constexpr size_t kMaxPageBytes = 1 << 20;

absl::Status NotFound(const std::string& name) {
  return absl::NotFoundError(absl::StrCat("name: no operation '", Shortened(name),
                                          "'; they are kept for an hour after their end"));
}

// A page token is the name of the last operation of the page before.
absl::Status FillPage(const std::vector<std::shared_ptr<Operation>>& operations,
                      const longrunning::ListOperationsRequest& request,
                      longrunning::ListOperationsResponse* response) {
  auto next = operations.begin();
  if (!request.page_token().empty()) {
    next = std::find_if(operations.begin(), operations.end(), [&](const auto& operation) {
      return operation->name() == request.page_token();
    });
    if (next == operations.end()) {
      return InvalidField("page_token", "is of no operation that is still here");
    }
    ++next;
  }
  const int size =
      request.page_size() > 0 ? request.page_size() : static_cast<int>(operations.size());
  size_t bytes = 0;
  for (; next != operations.end() && response->operations_size() < size; ++next) {
    if (bytes > kMaxPageBytes) break;
    *response->add_operations() = (*next)->State();
    bytes += (*next)->bytes();
  }
  if (next != operations.end() && !response->operations().empty()) {
    response->set_next_page_token(response->operations().rbegin()->name());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::shared_ptr<Operation>> OperationsService::Find(
    const char* method, const grpc::ServerContextBase& context, const std::string& name) {
  const auto caller = core_->Identify(method, context);
  if (!caller.ok()) return caller.status();
  auto operation = store_->Find(caller->name, name);
  if (!operation) return NotFound(name);
  return operation;
}

grpc::ServerUnaryReactor* OperationsService::ListOperations(
    grpc::CallbackServerContext* context, const longrunning::ListOperationsRequest* request,
    longrunning::ListOperationsResponse* response) {
  const auto caller = core_->Identify("google.ListOperations", *context);
  if (!caller.ok()) return Finished(context, caller.status());
  if (caller->name.empty()) {
    return Finished(context, absl::FailedPreconditionError(
                                 "this server does not know its callers by name, and cannot tell "
                                 "whose operations are whose; ask for each by its name"));
  }
  if (!request->filter().empty()) {
    return Finished(context, InvalidField("filter", "not served here; leave it empty"));
  }
  return Finished(context, FillPage(store_->List(caller->name), *request, response));
}

grpc::ServerUnaryReactor* OperationsService::GetOperation(
    grpc::CallbackServerContext* context, const longrunning::GetOperationRequest* request,
    longrunning::Operation* response) {
  const auto operation = Find("google.GetOperation", *context, request->name());
  if (operation.ok()) *response = (*operation)->State();
  return Finished(context, operation.status());
}

grpc::ServerUnaryReactor* OperationsService::DeleteOperation(
    grpc::CallbackServerContext* context, const longrunning::DeleteOperationRequest* request,
    google::protobuf::Empty*) {
  const auto operation = Find("google.DeleteOperation", *context, request->name());
  if (operation.ok()) {
    (*operation)->Cancel();
    store_->Remove(**operation);
  }
  return Finished(context, operation.status());
}

grpc::ServerUnaryReactor* OperationsService::CancelOperation(
    grpc::CallbackServerContext* context, const longrunning::CancelOperationRequest* request,
    google::protobuf::Empty*) {
  const auto operation = Find("google.CancelOperation", *context, request->name());
  if (operation.ok()) (*operation)->Cancel();
  return Finished(context, operation.status());
}

grpc::ServerUnaryReactor* OperationsService::WaitOperation(
    grpc::CallbackServerContext* context, const longrunning::WaitOperationRequest* request,
    longrunning::Operation* response) {
  auto operation = Find("google.WaitOperation", *context, request->name());
  if (!operation.ok()) return Finished(context, operation.status());
  return google_speech::WaitOperation(*std::move(operation), request, response);
}

}  // namespace rill::server::google_speech
