from gallery.models import *
from gallery.models.tags import tag_slug
import itertools
n=itertools.count(1)
def make_user(name="anna",**k): return User.objects.create_user(name,**k)
def make_tag(label,parents=(),category=""):
    t,_=Tag.objects.get_or_create(slug=tag_slug(label),defaults=dict(label=label,category=category))
    TagClosure.objects.get_or_create(ancestor=t,descendant=t)
    for p in parents:
        TagParent.objects.create(child=t,parent=p)
        for a in TagClosure.objects.filter(descendant=p): TagClosure.objects.get_or_create(ancestor=a.ancestor,descendant=t)
    return t
def make_photo(owner=None,*,tags=None,visibility="public",**f):
    i=next(n)
    p=Photo(owner=owner or make_user(f"u{i}"),visibility=visibility,**({"width":64,"height":48,"size_bytes":10,"format":"jpeg","sha256":f"{i:064x}"}|f))
    p.save()
    for l,c in (tags or {}).items():
        PhotoTag.objects.create(photo=p,tag=make_tag(l),confidence=c,state="assigned")
    return p
def make_run(photo,*,suggestions=None,**k):
    return TaggingRun.objects.create(photo=photo,tagger="bundled",threshold=.4,suggestions=[{"tag":a,"confidence":b} for a,b in (suggestions or {}).items()],**k)
