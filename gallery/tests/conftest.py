import pytest
from gallery import throttle
@pytest.fixture(autouse=True)
def _f(): throttle.forget()
