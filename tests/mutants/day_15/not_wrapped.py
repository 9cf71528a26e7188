"""You send the error bare. OpenAI's clients look for it under "error".

task: 15.4
caught-by: test_day_15.py::test_an_error_has_openais_shape
"""


class Refusal:
    def body(self):
        # task 15.4 begin
        types = {401: "authentication_error", 429: "rate_limit_error"}
        kind = "server_error" if self.status >= 500 else types.get(self.status, "invalid_request_error")
        return {"message": self.message, "type": kind, "param": self.param, "code": self.code}
        # task 15.4 end
