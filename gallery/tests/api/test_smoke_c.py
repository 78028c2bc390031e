import pytest
from gallery.tests.api.asking import post
from gallery.tests.factories import make_cloud
from gallery.tests.pictures import picture
pytestmark = pytest.mark.django_db
def test_up(client):
    c = make_cloud()
    r = post(client, c, "image/upload", content=picture(), name="a b.jpg", tags="one,two", context="alt=x|caption=y")
    print(r.json()); assert r.status_code == 200
