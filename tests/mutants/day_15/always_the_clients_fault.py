"""Your type is always invalid_request_error. What broke in the server is not the client's fault.

task: 15.4
caught-by: test_day_15.py::test_an_error_has_openais_shape[500-]
"""


class Refusal:
    def body(self):
        # task 15.4 begin
        types = {401: "authentication_error", 429: "rate_limit_error"}
        kind = types.get(self.status, "invalid_request_error")
        return {"error": {"message": self.message, "type": kind, "param": self.param, "code": self.code}}
        # task 15.4 end
