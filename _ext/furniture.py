"""Sphinx extension: a description on every page, a 404 page, and what follows from the repository's address."""

import html
import inspect
import re
from functools import reduce
from importlib import import_module
from pathlib import Path
from urllib.parse import urlsplit

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

import nnlib

DESCRIPTION = (
    "Backpropagation derived step by step from one neuron to any network, in notebooks whose every formula "
    "is executed and checked against a numerical derivative."
)

PICTURE = "_static/preview.png"
PICTURE_SHOWS = "A small network: values flow forward in blue, gradients flow back in dashed orange"


def plain(markup):
    """The words of a title, without its tags."""
    return html.unescape(re.sub(r"<[^>]*>", "", markup))


def pages_address(repository):
    """Where GitHub Pages publishes a repository: https://github.com/OWNER/NAME -> https://OWNER.github.io/NAME/"""
    owner, name = urlsplit(repository).path.strip("/").split("/")
    return f"https://{owner.lower()}.github.io/{name.removesuffix('.git')}/"


def source_address(repository, branch, module, fullname):
    """Where a function or a class of nnlib is written, or None."""
    try:
        thing = inspect.unwrap(reduce(getattr, fullname.split("."), import_module(module)))
        lines, first = inspect.getsourcelines(thing)
        name = Path(inspect.getsourcefile(thing)).name
    except (AttributeError, TypeError):  # a field, or a table
        return None
    return repository and f"{repository.rstrip('/')}/blob/{branch}/nnlib/{name}#L{first}-L{first + len(lines) - 1}"


def use_address(app, config):
    """With an address: buttons and canonical links. Without one: no buttons that lead nowhere."""
    options = config.html_theme_options
    repository = options.get("repository_url")
    options["use_repository_button"] = options["use_issues_button"] = options["use_edit_page_button"] = bool(repository)
    options["extra_footer"] = f"<p>Version {nnlib.__version__}</p>"
    config.linkcode_resolve = lambda domain, info: source_address(repository, options.get("repository_branch"), **info)
    if repository:
        app.tags.add("published")  # for `only`
        config.html_baseurl = config.html_baseurl or pages_address(repository)
    else:
        options["launch_buttons"] = {}


class Install(SphinxDirective):
    """``{install}``: the line that installs nnlib from the repository, as long as it is on no registry."""

    def run(self):
        address = self.config.html_theme_options["repository_url"]
        code = f"pip install git+{address or 'ADDRESS  # of your copy of the repository'}"
        return [nodes.literal_block(code, code, language="sh")]


def description(doctree):
    """A page's first paragraph of plain words, or the book's description."""
    paragraphs = doctree.findall(nodes.paragraph) if doctree else ()
    plain = (p.astext() for p in paragraphs if not any(p.findall(nodes.math)))
    return next(plain, DESCRIPTION)


def preview(app, pagename, context, words):
    """What another site shows of a page that somebody links to; its picture needs the repository's address."""
    told = {"title": context.get("title") or app.config.html_title, "description": words, "type": "article"}
    told["site_name"] = app.config.html_title
    if base := app.config.html_baseurl:
        told |= {
            "url": base + app.builder.get_target_uri(pagename),
            "image": base + PICTURE,
            "image:alt": PICTURE_SHOWS,
        }
    return "".join(f'<meta property="og:{name}" content="{html.escape(said)}" />\n' for name, said in told.items())


def add_tags(app, pagename, templatename, context, doctree):
    words = description(doctree)
    tags = f'<meta name="description" content="{html.escape(words)}" />\n'
    tags += preview(app, pagename, context | {"title": plain(context.get("title", ""))}, words)
    if pagename == "404" and app.config.html_baseurl:  # served under any path, so its links start at the address
        tags = f'<base href="{app.config.html_baseurl}" />\n' + tags
    context["metatags"] = tags + context.get("metatags", "")


def write_sitemap(app, exception):
    if exception is None and app.builder.name == "html" and app.config.html_baseurl:
        urls = (app.config.html_baseurl + app.builder.get_target_uri(page) for page in sorted(app.env.found_docs))
        entries = "\n".join(f"<url><loc>{html.escape(url)}</loc></url>" for url in urls)
        Path(app.outdir, "sitemap.xml").write_text(
            '<?xml version="1.0" encoding="utf-8"?>\n'
            f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{entries}\n</urlset>\n',
            "utf-8",
        )


def draw_single_page_alike(app):
    """Some extensions register their nodes for the builder `singlehtml` too, which hides those for `html` alone."""
    handlers = app.registry.translation_handlers
    handlers["singlehtml"] = handlers["html"] | handlers.get("singlehtml", {})


def setup(app):
    app.setup_extension("sphinx.ext.linkcode")
    app.add_directive("install", Install)
    app.connect("builder-inited", draw_single_page_alike)
    app.connect("config-inited", use_address)
    app.connect("html-page-context", add_tags)
    app.connect("build-finished", write_sitemap)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
