"""You leave fields out that are not known. OpenAI's errors have all four, with null in them.

task: 15.4
caught-by: test_day_15.py::test_an_error_has_openais_shape[400-]
"""


class Refusal:
    def body(self):
        # task 15.4 begin
        types = {401: "authentication_error", 429: "rate_limit_error"}
        kind = "server_error" if self.status >= 500 else types.get(self.status, "invalid_request_error")
        body = {"message": self.message, "type": kind, "param": self.param, "code": self.code}
        return {"error": {name: value for name, value in body.items() if value is not None}}
        # task 15.4 end
